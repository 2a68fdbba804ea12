"""Stands in for an agent: says what a session might have said, and what it might have cost.

    python3 cass_agent.py ACTION ESTIMATE_USD

Prints a line of talk and, as its last line, the result as JSON. It costs between 80 and 100 % of
the estimate, always the same for the same run.
"""

import json
import os
import sys
from decimal import Decimal
from zlib import crc32


def cost_usd(estimate_usd: str, run: str) -> float:
    """What a run costs, in dollars, to a hundredth of a cent."""
    percent = 80 + crc32(run.encode()) % 21
    return float((Decimal(estimate_usd) * percent / 100).quantize(Decimal("0.0001")))


def main(action: str, estimate_usd: str) -> None:
    """Print what one session said and cost."""
    run = os.environ.get("HORARIUM_RUN", "r0-0")
    phase = os.environ.get("HORARIUM_PHASE") or "any time"
    subject = action.partition(".")[2].replace("_", " ")
    result = {
        "summary": f"{subject}: done ({phase})",
        "insights": [f"{subject} and {phase} go together"],
        "cost_usd": cost_usd(estimate_usd, run),
    }
    sys.stdout.write(f"{run}: thinking about {subject}\n{json.dumps(result)}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
