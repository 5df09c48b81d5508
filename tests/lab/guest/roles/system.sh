. "${0%/*}/common.sh"
stack=$GBO/bin/botserver-stack
install -d "$stack/bin/cache/bin" "$stack/bin/tables/bin" "$stack/bin/vault" "$stack/conf/vault"
ln -sf /usr/bin/valkey-cli "$stack/bin/cache/bin/valkey-cli"
ln -sf /usr/bin/psql "$stack/bin/tables/bin/psql"
: >"$GBO/logs/error.log"

systemctl enable --quiet --now valkey-server   # the package binds 127.0.0.1 by itself
valkey-cli set 'session:demo:initialized' 1 >/dev/null
valkey-cli sadd 'suggestions:0d9ad75f-2c58-4f1a-9f0d-3f1a7d5e0001:demo' 'Ask for a quote' >/dev/null
echo 'INFO basic: Adding suggestion to Redis key: suggestions:0d9ad75f-2c58-4f1a-9f0d-3f1a7d5e0001:demo' \
  >>"$GBO/logs/error.log"

# The guide's rule set: loopback first, then the drops; restored at boot, no nftables service.
install -d /etc/iptables
cat >/etc/iptables/rules.v4 <<'R'
*filter
:INPUT ACCEPT [0:0]
:FORWARD ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
-A INPUT -i lo -j ACCEPT
-A INPUT -p tcp -m tcp --dport 6379 -j DROP
-A INPUT -p tcp -m tcp --dport 9000 -j DROP
COMMIT
R
unit iptables-restore 'Restore iptables rules' \
  '/usr/sbin/iptables-restore /etc/iptables/rules.v4' 'Type=oneshot
RemainAfterExit=yes
Restart=no'

# psql -h localhost works here as in the guide, though PostgreSQL lives in the tables container.
cat >/etc/systemd/system/tables-forward.socket <<'U'
[Socket]
ListenStream=127.0.0.1:5432
[Install]
WantedBy=sockets.target
U
cat >/etc/systemd/system/tables-forward.service <<'U'
[Unit]
Description=localhost:5432 -> tables container
[Service]
ExecStart=/usr/lib/systemd/systemd-socket-proxyd --exit-idle-time=30 10.77.0.70:5432
U
systemctl daemon-reload
systemctl enable --quiet --now tables-forward.socket

keys=$(for _ in 1 2 3 4 5; do printf '"%s",' "$(head -c 33 /dev/urandom | base64 -w0)"; done)
echo "{\"unseal_keys_b64\": [${keys%,}], \"unseal_shares\": 5, \"unseal_threshold\": 3}" \
  >"$stack/conf/vault/init.json"
chmod 600 "$stack/conf/vault/init.json"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 3650 -subj /CN=vault \
  -keyout "$stack/conf/vault/tls.key" -out "$stack/conf/vault/tls.crt" 2>/dev/null
install -m 755 "${0%/*}/vault" "$stack/bin/vault/vault"

standin vault vault vault-server 'Restart=always'
standin system botserver botserver
standin ui botui botui 'Environment=BOTSERVER_URL=http://localhost:5858'
