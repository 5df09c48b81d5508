. "${0%/*}/common.sh"
conf=$(echo /etc/postgresql/*/main)
echo auto >"$conf/start.conf"
printf "listen_addresses = '*'\njit = off\nfsync = off\n" >"$conf/conf.d/lab.conf"
# The system container's psql (and the table editor) come in without a password.
printf 'host all gbuser 10.77.0.0/24 trust\nhost all gbuser 127.0.0.1/32 trust\n' |
  cat - "$conf/pg_hba.conf" >"$conf/new" && cat "$conf/new" >"$conf/pg_hba.conf"
rm "$conf/new"
systemctl daemon-reload
systemctl enable --quiet --now postgresql
for _ in $(seq 240); do
  pg_isready -q && break
  sleep 0.5
done
cd /
runuser -u postgres -- psql -q <<'S'
CREATE ROLE gbuser LOGIN;
CREATE DATABASE botserver OWNER gbuser;
\connect botserver
SET ROLE gbuser;
CREATE TABLE bots (id uuid PRIMARY KEY, name text NOT NULL);
INSERT INTO bots VALUES ('0d9ad75f-2c58-4f1a-9f0d-3f1a7d5e0001', 'default'),
  ('0d9ad75f-2c58-4f1a-9f0d-3f1a7d5e0002', 'sales');
S
