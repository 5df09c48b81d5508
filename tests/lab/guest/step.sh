# Sourced: progress lines with seconds, which the lab command passes on.
step() { echo "[guest ${SECONDS}s] $*"; }
