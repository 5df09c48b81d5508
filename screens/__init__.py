"""The screens: cockpit, plan approval, journal, recovery, help. Nothing here changes a host.

Whatever imports a screen has Textual's environment settled first, because Textual reads it once.
"""

from screens.terminal import settle

settle()
