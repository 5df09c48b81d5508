"""What the runner deploys over. The twin's containers have no SSH: its host's programs are lent to them."""

from __future__ import annotations

from .twin.fixtures import Lab

_LEND = """
lend() {
  to=$1; shift
  for file; do
    [ -e "$file" ] || continue
    for one in $(ldd "$file" | grep -o '/[^ ]*'); do
      lxc exec "$to" -- test -e "$one" </dev/null ||
        lxc file push -p "$(readlink -f "$one")" "$to$one" </dev/null
    done
    lxc file push -p --mode 755 "$file" "$to$file" </dev/null
  done
}
lend acme-alm-ci /usr/bin/ssh /usr/bin/ssh-keygen
lend acme-system /usr/sbin/sshd /usr/lib/openssh/sshd-session /usr/lib/openssh/sshd-auth /usr/bin/ssh-keygen
lxc exec acme-system -- sh -e -c '
useradd -r -d /run/sshd -s /usr/sbin/nologin sshd
usermod -p "*" gbuser
mkdir -p /etc/ssh && printf "UsePAM no\\nPasswordAuthentication no\\n" >/etc/ssh/sshd_config
ssh-keygen -q -t ed25519 -N "" -f /etc/ssh/ssh_host_ed25519_key
mkdir -p /run/sshd && /usr/sbin/sshd' </dev/null
lxc exec acme-alm-ci -- su - gbuser -c '
mkdir -m 700 .ssh; ssh-keygen -q -t ed25519 -N "" -f .ssh/id_ed25519' </dev/null
"""


def ssh_lent(lab: Lab) -> None:
    """The runner's user has a key, and an sshd listens in the system container, which does not know it."""
    done = lab.script(_LEND)
    assert done.returncode == 0, done.stderr
