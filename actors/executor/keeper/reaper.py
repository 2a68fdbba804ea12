"""Whose children orphans become."""

import sys

PR_SET_CHILD_SUBREAPER = 36


def become_reaper() -> None:
    """From here on the orphans among our descendants become our children, where the kernel can
    do that; elsewhere they are lost to init, and found by no one."""
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
