"""`python -m gbtui` is `gbtui`."""

import sys

from gbtui.cli import main

sys.exit(main())
