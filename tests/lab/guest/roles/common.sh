# Sourced by every role script inside its container.
set -eu
GBO=/opt/gbo

# unit NAME DESCRIPTION COMMAND [extra [Service] lines]: write, enable and start a service.
unit() {
  cat >"/etc/systemd/system/$1.service" <<U
[Unit]
Description=$2
After=network.target

[Service]
ExecStart=$3
Restart=on-failure
RestartSec=2
${4:-}

[Install]
WantedBy=multi-user.target
U
  systemctl daemon-reload
  systemctl enable --quiet --now "$1.service"
}

# standin UNIT SERVICE BINARY [extra]: a stand-in whose process carries the real one's name.
standin() {
  ln -sf /usr/bin/python3 "$GBO/bin/$3"
  unit "$1" "$2 (stand-in of the lab, not the real $3)" "$GBO/bin/$3 -B -m standin $2" \
    "WorkingDirectory=$GBO/bin
${4:-}"
}
