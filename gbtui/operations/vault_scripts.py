"""Scripts for Vault inside its container, each with a name and a documented answer.

A key goes from the file through a pipe into the request's body: it is in no argument (`printf` is
the shell's own), in no environment, and in nothing that is printed. TLS is not verified, as the guide
has it: it is Vault's own certificate on 127.0.0.1.

    gbtui-seal ADDRESS                "open" · "sealed GIVEN/NEEDED" · "uninitialized" · "silent"
    gbtui-key-count FILE              how many unseal keys FILE holds
    gbtui-given ADDRESS N             "yes" where N keys are given, or it is open; else "no"
    gbtui-unseal FILE ADDRESS N       gives keys until N are given, or it is open: the seal after each;
                                      exit status 1 where it does not get there
    gbtui-unseal-typed ADDRESS N      the same with one key, on stdin
    gbtui-key-file FILE               "MODE USER:GROUP yes|no" (tracked by git) · "missing" · "link"
"""

from __future__ import annotations

from gbtui.facts.vault import KEY_FILE, seal_function, seal_script
from gbtui.guard.plan import Exec, Probe

_SEAL = seal_function(5)
_KEYS = """
keys() {
  tr -d ' \\n\\t\\r' <"$1" | grep -o '"\\(unseal_keys_b64\\|keys_base64\\)":\\[[^]]*\\]' | head -n 1 |
    sed 's/^[^[]*//' | grep -o '"[A-Za-z0-9+/=]*"' | tr -d '"'
}
"""
SEAL = seal_script(5)
COUNT = f"""{_KEYS}
keys "$1" | wc -l
"""
_REACHED = """
reached() {
  state=$(seal "$1")
  case $state in
    open) return 0;;
    sealed*) given=${state#sealed }; [ "${given%/*}" -ge "$2" ];;
    *) return 1;;
  esac
}
"""
GIVEN = f"""{_SEAL}{_REACHED}
if reached "$1" "$2"; then echo yes; else echo no; fi
"""
UNSEAL = f"""{_SEAL}{_KEYS}{_REACHED}
keys "$1" | while IFS= read -r key; do
  if reached "$2" "$3"; then break; fi
  printf '{{"key":"%s"}}' "$key" |
    curl -sk -m 10 -X PUT --data-binary @- -o /dev/null "$2/v1/sys/unseal"
  seal "$2"
done
reached "$2" "$3"
"""
UNSEAL_TYPED = f"""{_SEAL}{_REACHED}
IFS= read -r key || [ -n "$key" ] || {{ echo 'no key' >&2; exit 2; }}
case $key in '' | *[!A-Za-z0-9+/=_-]*) echo 'not a key' >&2; exit 2;; esac
printf '{{"key":"%s"}}' "$key" |
  curl -sk -m 10 -X PUT --data-binary @- -o /dev/null "$1/v1/sys/unseal"
seal "$1"
reached "$1" "$2"
"""


def seal(container: str, address: str) -> Exec:
    """Whether Vault is sealed."""
    return Exec(container, ("sh", "-c", SEAL, "gbtui-seal", address))


def is_open(container: str, address: str) -> Probe:
    """Vault is not sealed."""
    return Probe("Vault is not sealed", seal(container, address), "stdout", "open")


def count(container: str, file: str) -> Exec:
    """How many keys there are."""
    return Exec(container, ("sh", "-c", COUNT, "gbtui-key-count", file))


def given(container: str, address: str, number: int) -> Probe:
    """So many keys are given, or Vault is open."""
    run = Exec(container, ("sh", "-c", GIVEN, "gbtui-given", address, str(number)))
    return Probe(f"Vault has {number} keys", run, "stdout", "yes")


def unseal(container: str, file: str, address: str, number: int) -> Exec:
    """Give keys of `file` until Vault has `number` of them, or is open."""
    return Exec(container, ("sh", "-c", UNSEAL, "gbtui-unseal", file, address, str(number)), 60.0)


def unseal_typed(container: str, address: str, number: int, name: str) -> Exec:
    """Give the one key that is asked for as `name` when its time has come."""
    argv = ("sh", "-c", UNSEAL_TYPED, "gbtui-unseal-typed", address, str(number))
    return Exec(container, argv, secret=name)


def key_file(container: str, file: str) -> Exec:
    """Mode, owner, and whether a git tree tracks it."""
    return Exec(container, ("sh", "-c", KEY_FILE, "gbtui-key-file", file))
