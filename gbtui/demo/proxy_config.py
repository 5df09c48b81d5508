"""The proxy's Caddyfile: about 25 vhosts, storage set explicitly (guide items 54, 58)."""

from __future__ import annotations

from gbtui.demo.traffic import VHOSTS

_HEAD = """{
	admin localhost:2019
	storage file_system {
		root /opt/gbo/data/caddy
	}
}

(access) {
	log {
		output file /opt/gbo/logs/access.log {
			roll_size 100MiB
			roll_keep 7
		}
		format json
	}
}
"""
_UPSTREAMS = {
    "api": "10.77.0.185:5858",
    "chat": "10.77.0.185:5859",
    "alm": "10.77.0.40:3000",
    "drive": "10.77.0.60:9000",
    "tables": "10.77.0.71:8080",
    "webmail": "10.77.0.80:80",
}


def _vhost(name: str) -> str:
    upstream = _UPSTREAMS.get(name.split(".", 1)[0], "10.77.0.185:5859")
    return f"{name} {{\n\timport access\n\treverse_proxy http://{upstream}\n}}\n"


CADDYFILE = "\n".join([_HEAD, *map(_vhost, VHOSTS)])
