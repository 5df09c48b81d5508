#!/bin/bash
# The interpreter gbtui runs with in the guest: libraries unpacked on the build machine,
# byte-compiled here because the guest's Python differs from the builder's.
set -eu
cd "$(dirname "$0")"
python3 -m venv --without-pip /opt/gbtui
install -d -o ops -g ops /opt/gbtui/src
site=$(echo /opt/gbtui/lib/python3.*/site-packages)
tar -xf site-packages.tar -C "$site" --no-same-owner
python3 -m compileall -q -j 2 "$site" >/dev/null || true
