"""Running the daemon."""

import click

from horarium.commands.options import located
from horarium.places import Places


@click.command()
@click.option("--paused", is_flag=True, help="Start paused: nothing runs until `horarium resume`.")
@click.option("--log-json", "--json", "log_json", is_flag=True, help="One JSON object a line.")
@located
def run(here: Places, paused: bool, log_json: bool) -> int:
    """Run the daemon, in the foreground. Ctrl-C stops it in order."""
    from horarium.daemon import run as live

    return live(here.config, here.data, paused=paused, log_json=log_json)
