# A drop-in lets people in by password (written only: the sshd that runs is not reloaded).
inject() { echo 'PasswordAuthentication yes' >/etc/ssh/sshd_config.d/00-passwords.conf; }
undo() { rm -f /etc/ssh/sshd_config.d/00-passwords.conf; }
"$1"
