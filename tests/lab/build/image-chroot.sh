#!/bin/sh
# Inside the image's root: DHCP on eth0, everything optional off, /opt/gbo as the guide lays it out.
set -e
cat >/etc/systemd/network/20-eth0.network <<N
[Match]
Name=eth0
[Network]
DHCP=ipv4
LinkLocalAddressing=no
IPv6AcceptRA=no
[DHCPv4]
ClientIdentifier=mac
N
systemctl enable systemd-networkd
systemctl disable caddy valkey-server fail2ban nftables systemd-networkd-wait-online \
  logrotate.timer 2>/dev/null
# PostgreSQL starts clusters by generator: without this file's "auto" nothing starts.
find /etc/postgresql -name start.conf -exec sh -c 'echo manual >"$1"' _ {} \;
# binfmt cannot work in a container; the others only cost boot time under emulation.
systemctl mask systemd-binfmt.service apt-daily.timer apt-daily-upgrade.timer \
  dpkg-db-backup.timer systemd-networkd-wait-online.service e2scrub_reap.service \
  systemd-tpm2-setup.service systemd-firstboot.service getty.target \
  console-getty.service 2>/dev/null
# The package enables an sshd jail; without an sshd log it stops fail2ban from starting.
printf '[sshd]\nenabled = false\n' >/etc/fail2ban/jail.d/defaults-debian.conf
useradd --create-home --uid 1000 --shell /bin/bash gbuser
for role in data conf logs bin; do install -d "/opt/gbo/$role"; done
: >/etc/machine-id
rm -f /etc/hostname
