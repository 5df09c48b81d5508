# shellcheck shell=bash
# Shared by the build stages (sourced): which mirror, which suite, how slim.
# Callers export OUT (an empty folder for this stage's results).
SUITE=${SUITE:-trixie}
export DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8

# The mirror this machine's own apt already uses; never named in the repository.
site() {
  apt-get indextargets --format '$(SITE)' 'Created-By: Packages' |
    sort | uniq -c | sort -rn | awk 'NR==1 {print $2}'
}
DEB=${GBTUI_LAB_MIRROR:-$(site)}
# shellcheck disable=SC2034  # used by the scripts that source this file
SOURCES=(
  "deb $DEB $SUITE main contrib"
  "deb $DEB $SUITE-updates main contrib"
  "deb ${DEB%/debian}/debian-security $SUITE-security main contrib"
)
# shellcheck disable=SC2034
SLIM=(
  --aptopt='Apt::Install-Recommends "false"'
  --aptopt='Acquire::Languages "none"'
  --aptopt='Acquire::Check-Valid-Until "false"'
  --dpkgopt='path-exclude=/usr/share/man/*'
  --dpkgopt='path-exclude=/usr/share/locale/*'
  --dpkgopt='path-exclude=/usr/share/doc/*'
  --dpkgopt='path-include=/usr/share/doc/*/copyright'
)
# One package per line, '#' starts a comment -> comma separated.
packages() { sed 's/#.*//; /^[[:space:]]*$/d' "$1" | paste -sd,; }
HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
