# ufw is not enabled: its rules run until the next boot, and are not loaded then.
inject() { sed -i 's/^ENABLED=yes/ENABLED=no/' /etc/ufw/ufw.conf; }
undo() { sed -i 's/^ENABLED=no/ENABLED=yes/' /etc/ufw/ufw.conf; }
"$1"
