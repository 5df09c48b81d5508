"""The lab's tests run only when asked for (GBTUI_LAB=1): they need minutes and a twin."""

from .twin.fixtures import WANTED, fresh_lab, lab

__all__ = ["fresh_lab", "lab"]

collect_ignore_glob = [] if WANTED else ["test_*.py"]
