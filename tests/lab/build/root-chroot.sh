#!/bin/sh
# Inside the guest's root, at native speed: everything that needs no running system.
set -e
echo acme-host >/etc/hostname
printf '127.0.0.1 localhost acme-host\n::1 localhost\n' >/etc/hosts
echo '/dev/vda / ext4 rw,noatime,discard 0 0' >/etc/fstab
cat >/etc/systemd/network/20-eth0.network <<N
[Match]
Name=eth0
[Network]
Address=10.0.2.15/24
Gateway=10.0.2.2
LinkLocalAddressing=no
IPv6AcceptRA=no
N

useradd --create-home --shell /bin/bash --groups sudo,lxd ops
echo 'ops ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/ops
for home in /root /home/ops; do
  install -d -m 700 "$home/.ssh"
  install -m 600 /root/operator.pub "$home/.ssh/authorized_keys"
done
chown -R ops:ops /home/ops/.ssh
rm /root/operator.pub
ls /etc/ssh/ssh_host_ed25519_key >/dev/null 2>&1 || ssh-keygen -A
cat >/etc/ssh/sshd_config.d/10-lab.conf <<S
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
MaxStartups 50:30:200
UseDNS no
S

systemctl enable systemd-networkd ssh fail2ban
systemctl disable apt-daily.timer apt-daily-upgrade.timer e2scrub_all.timer man-db.timer \
  dpkg-db-backup.timer logrotate.timer 2>/dev/null || true
systemctl mask systemd-binfmt.service systemd-networkd-wait-online.service 2>/dev/null
echo zfs >/etc/modules-load.d/zfs.conf
echo 'options zfs zfs_arc_max=402653184' >/etc/modprobe.d/zfs.conf
sed -i 's/^DEFAULT_FORWARD_POLICY=.*/DEFAULT_FORWARD_POLICY="ACCEPT"/' /etc/default/ufw
# Every SSH session of the lab arrives from 10.0.2.2: it must never be banned.
cat >/etc/fail2ban/jail.d/acme.conf <<F
[sshd]
enabled = true
backend = systemd
maxretry = 3
findtime = 10m
bantime = 1h
ignoreip = 127.0.0.1/8 ::1 10.0.2.2
F
rm -f /etc/fail2ban/jail.d/defaults-debian.conf
# Ids for unprivileged containers.
for map in /etc/subuid /etc/subgid; do
  grep -q '^root:' "$map" || echo root:1000000:1000000000 >>"$map"
done
# Hundreds of desktop profiles take minutes to load under emulation; keep what LXD and lxc use.
install -d /root/apparmor.off
for profile in /etc/apparmor.d/*; do
  [ -f "$profile" ] || continue
  case ${profile##*/} in
    lxc* | usr.* | lsb_release | unix-chkpwd | nvidia*) ;;
    *) mv "$profile" /root/apparmor.off/ ;;
  esac
done
