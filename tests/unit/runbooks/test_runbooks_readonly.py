"""What a runbook may run by itself only looks."""

from __future__ import annotations

import shlex

import pytest

from gbtui.runbooks.readonly import refusal


@pytest.mark.parametrize(
    "line",
    [
        "cat /etc/os-release",
        "tail -n 5 /opt/gbo/logs/error.log",
        "/opt/gbo/bin/botserver-stack/bin/cache/bin/valkey-cli -h 127.0.0.1 ping",
        "valkey-cli --scan --pattern 'suggestions:*'",
        "iptables -S INPUT",
        "iptables -w -S",
        "systemctl status system.service",
        "systemctl --no-pager show -p NRestarts ui.service",
        "journalctl -u system.service -n 20",
        "curl -fsS http://127.0.0.1:5858/health",
        "curl -s -o /dev/null http://127.0.0.1:5858/health",
        "psql -h localhost -U gbuser -d botserver -t -c 'SELECT id FROM bots'",
        "zfs list -t snapshot",
        "lxc config show acme-system",
        "fail2ban-client status caddy-http-flood",
        "git --no-optional-locks -c core.fsmonitor=false -c log.showSignature=false -C /srv/gb log --oneline",
    ],
)
def test_looking_is_allowed(line: str) -> None:
    assert refusal(shlex.split(line)) == ""


@pytest.mark.parametrize(
    "line",
    [
        "",
        "rm -rf /",
        "sh -c 'cat /x'",
        "tail -f /x",
        "valkey-cli FLUSHALL",
        "valkey-cli -h 127.0.0.1 set a b",
        "iptables -A INPUT -j DROP",
        "iptables -t nat -F",
        "iptables-save -f /etc/x",
        "systemctl restart system.service",
        "systemctl stop x",
        "journalctl --vacuum-size=1M",
        "curl -X DELETE http://127.0.0.1:2019/config/",
        "curl -fsSd x http://127.0.0.1/",
        "curl --data-binary @/x http://127.0.0.1/",
        "curl -o /etc/passwd http://127.0.0.1/",
        "curl -K /tmp/x",
        "psql -c 'DROP TABLE bots'",
        "psql -c 'select 1; drop table bots'",
        "psql -c 'select pg_terminate_backend(1)'",
        "psql -c 'select * into x from bots'",
        "psql -f /tmp/x -c 'select 1'",
        "psql -v name=x -c 'select :name'",
        "psql",
        "psql --command='drop table bots' -c 'select 1'",
        "zfs destroy default/x@y",
        "lxc exec acme-system -- sh",
        "lxc config set acme-system security.privileged false",
        "fail2ban-client set sshd unbanip 192.0.2.1",
        "git push",
        "git --no-optional-locks status",  # its fsmonitor
        "git --no-optional-locks -c core.fsmonitor=false -c log.showSignature=false log -p",
        "git --no-optional-locks -c core.fsmonitor=false -c log.showSignature=false status",
        "ss -K",
        "python3 -c pass",
    ],
)
def test_anything_else_is_refused_in_words(line: str) -> None:
    assert refusal(shlex.split(line))


def test_psql_puts_a_value_into_its_input_where_it_is_quoted() -> None:
    argv = shlex.split("psql -w -X -At -h localhost -U gbuser -d botserver -v name=x")
    assert refusal(argv, "SELECT id::text FROM bots WHERE name = :'name';") == ""


@pytest.mark.parametrize(
    "stdin",
    [
        "SELECT id FROM bots WHERE name = :name",
        "SELECT 1; DROP TABLE bots",
        "SELECT 1 \\! rm -rf /",
        "SELECT 1 \\g | sh",
        "SELECT '`id`'",
        "DELETE FROM bots",
        "SELECT * INTO x FROM bots",
    ],
)
def test_an_input_that_could_do_anything_else_is_refused(stdin: str) -> None:
    assert refusal(("psql", "-v", "name=x"), stdin)


def test_nothing_but_psql_has_an_input() -> None:
    assert refusal(("cat",), "x")
