. "${0%/*}/common.sh"
printf '; stand-in configuration\nAPP_NAME = acme alm\n[server]\nHTTP_PORT = 3000\n' \
  >"$GBO/conf/app.ini"
standin alm forgejo forgejo
