# Sourced: progress lines with seconds, which the lab command passes on.
export LAB_T0=${LAB_T0:-$(date +%s)}
step() { echo "[guest $(($(date +%s) - LAB_T0))s] $*"; }
