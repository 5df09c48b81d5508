"""gbtui: a terminal cockpit for General Bots Cloud production hosts.

This package is the library. It reads a host (`hosts`, `facts`) and changes it through one
guarded engine (`operations`, `guard`). It knows nothing of Textual, screens or widgets.
"""

__version__ = "0.1.0"
