"""Scripts around a git checkout, each with a name and a documented answer (items 47, 48, 85–88).

git runs as the checkout's owner, never as root: with that user's keys, leaving no files of root's
behind, and what the checkout's hooks and settings can do is what that user could do anyway. It asks
nobody anything. ROOT is the root repository's folder, SUB the submodule's in it.

    gbtui-git-look ROOT SUB BRANCH FILE ROOTREMOTE REMOTE …
                                             what is there, and what the remotes have; rows with TABs:
                                             "wrong missing|no-git|no-submodule" · "owner USER" · "identity
                                             NAME" · "pointer SHA" · and for each of root and sub:
                                             "sub.branch NAME" "sub.head SHA" "sub.dirty FILE" … "sub.secret
                                             PATH" (FILE, tracked) "sub.remote NAME STATE AHEAD COMMIT"
                                             (COMMIT to be pushed that has FILE); it changes nothing
    gbtui-git-has FOLDER REMOTE BRANCH SHA   "yes" where the remote's branch is SHA, else "no"
    gbtui-git-push FOLDER REMOTE BRANCH SHA  pushes SHA; never by force
    gbtui-git-pointer ROOT SUB SHA           the commit that ROOT's HEAD names for SUB: "yes" for SHA
    gbtui-git-commit ROOT SUB SHA WORDS      commits SHA as SUB's pointer, and nothing else
    gbtui-git-root-has ROOT REMOTE BRANCH SUB SHA
                                             "yes" where the remote's branch is ROOT's HEAD, and names SHA
    gbtui-git-push-root ROOT REMOTE BRANCH SUB SHA OLD
                                             pushes ROOT's HEAD while that is OLD or the one commit on it
"""

from __future__ import annotations

from gbtui.guard.plan import Exec, Probe
from gbtui.profiles import Profile

_GIT = """
owner=$(stat -c %U -- "$1") || exit 1
home=$(getent passwd "$owner" | cut -d : -f 6)
git_in() {
  folder=$1; shift
  set -- env "HOME=$home" GIT_TERMINAL_PROMPT=0 GIT_OPTIONAL_LOCKS=0 LC_ALL=C \\
    "GIT_SSH_COMMAND=ssh -o BatchMode=yes -o ConnectTimeout=10" git -C "$folder" "$@"
  if [ "$owner" = "$(id -un)" ]; then "$@"; else runuser -u "$owner" -- "$@"; fi
}
"""
_ASK = """
ask() {
  said=$(git_in "$1" ls-remote -- "$2" "refs/heads/$3") || return 1
  printf '%s' "${said%%[!0-9a-f]*}"
}
"""

LOOK = f"""
if ! [ -d "$1" ]; then printf 'wrong\\tmissing\\n'; exit; fi
{_GIT}{_ASK}
root=$1 sub=$1/$2 name=$2 branch=$3 file=$4 root_remote=$5; shift 5
top() {{ [ "$(git_in "$1" rev-parse --show-toplevel 2>/dev/null)" = "$(realpath -- "$1")" ]; }}
top "$root" || {{ printf 'wrong\\tno-git\\n'; exit; }}
top "$sub" || {{ printf 'wrong\\tno-submodule\\n'; exit; }}
printf 'owner\\t%s\\n' "$owner"
identity=$(git_in "$root" var GIT_COMMITTER_IDENT 2>/dev/null | sed 's/ [0-9]* [-+][0-9]*$//')
printf 'identity\\t%s\\n' "$identity"
printf 'pointer\\t%s\\n' "$(git_in "$root" rev-parse -q --verify "HEAD:$name")"
remote() {{
  which=$1 where=$2 remote=$3 head=$4 state= ahead=0 secret= range=HEAD
  if ! has=$(ask "$where" "$remote" "$branch" 2>/dev/null); then state=silent
  elif [ "$has" = "$head" ]; then state=same
  elif [ -z "$has" ]; then state=new
  elif ! git_in "$where" cat-file -e "$has^{{commit}}" 2>/dev/null; then state=unknown
  elif git_in "$where" merge-base --is-ancestor "$has" "$head"; then state=behind range=$has..HEAD
  else state=diverged; fi
  case $state in behind | new)
    ahead=$(git_in "$where" rev-list --count "$range")
    secret=$(git_in "$where" log -1 --format=%h "$range" -- ":(glob)**/$file");;
  esac
  printf '%s.remote\\t%s\\t%s\\t%s\\t%s\\n' "$which" "$remote" "$state" "$ahead" "$secret"
}}
each() {{
  which=$1 where=$2; shift 2
  head=$(git_in "$where" rev-parse -q --verify HEAD)
  printf '%s.branch\\t%s\\n' "$which" "$(git_in "$where" symbolic-ref -q --short HEAD)"
  printf '%s.head\\t%s\\n' "$which" "$head"
  git_in "$where" status --porcelain --ignore-submodules=all | cut -c 4- | sed "s/^/$which.dirty\\t/"
  git_in "$where" ls-files -- ":(glob)**/$file" | head -n 1 | sed "s/^/$which.secret\\t/"
  for one; do remote "$which" "$where" "$one" "$head"; done
}}
each sub "$sub" "$@"
each root "$root" "$root_remote"
"""

HAS = f"""{_GIT}{_ASK}
has=$(ask "$1" "$2" "$3") || exit 1
if [ "$has" = "$4" ]; then echo yes; else echo no; fi
"""
PUSH = f"""{_GIT}
git_in "$1" push --quiet -- "$2" "$4:refs/heads/$3"
"""
_NAMES = """
names() { [ "$(git_in "$1" rev-parse -q --verify "HEAD:$2")" = "$3" ]; }
"""
POINTER = f"""{_GIT}{_NAMES}
if names "$1" "$2" "$3"; then echo yes; else echo no; fi
"""
COMMIT = f"""{_GIT}{_NAMES}
if names "$1" "$2" "$3"; then exit 0; fi
if [ "$(git_in "$1/$2" rev-parse HEAD)" != "$3" ]; then
  echo "$2 is at another commit than planned" >&2; exit 1
fi
git_in "$1" add -- "$2" && git_in "$1" commit --quiet -m "$4" -- "$2"
"""
ROOT_HAS = f"""{_GIT}{_ASK}{_NAMES}
has=$(ask "$1" "$2" "$3") || exit 1
if [ "$has" = "$(git_in "$1" rev-parse HEAD)" ] && names "$1" "$4" "$5"; then echo yes; else echo no; fi
"""
PUSH_ROOT = f"""{_GIT}{_NAMES}
head=$(git_in "$1" rev-parse HEAD) || exit 1
names "$1" "$4" "$5" && {{ [ "$head" = "$6" ] || [ "$(git_in "$1" rev-parse HEAD^)" = "$6" ]; }} ||
  {{ echo "$1 is at another commit than planned" >&2; exit 1; }}
git_in "$1" push --quiet -- "$2" "$head:refs/heads/$3"
"""


def _run(where: str, name: str, text: str, *words: str, timeout: float = 120.0) -> Exec:
    return Exec(where, ("sh", "-c", text, name, *words), timeout)


def look(where: str, folder: str, sub: str, profile: Profile) -> Exec:
    """What there is to push; the root repository's remote goes first."""
    remotes = (profile.release_root_remote, *profile.release_remotes)
    words = (folder, sub, profile.release_branch, key_file(profile), *remotes)
    return _run(where, "gbtui-git-look", LOOK, *words)


def key_file(profile: Profile) -> str:
    """The name of the file that holds Vault's keys, wherever it lies."""
    return profile.vault_keys.rpartition("/")[2]


def push(where: str, folder: str, remote: str, branch: str, sha: str) -> Exec:
    """Push exactly that commit, never by force."""
    return _run(where, "gbtui-git-push", PUSH, folder, remote, branch, sha, timeout=300.0)


def has(where: str, folder: str, remote: str, branch: str, sha: str) -> Probe:
    """The remote, asked, has that commit as its branch."""
    run = _run(where, "gbtui-git-has", HAS, folder, remote, branch, sha)
    return Probe(f"{branch} of {remote} is {sha[:10]}", run, "stdout", "yes")


def commit(where: str, root: str, sub: str, sha: str, words: str) -> Exec:
    """Commit the pointer alone."""
    return _run(where, "gbtui-git-commit", COMMIT, root, sub, sha, words)


def pointer(where: str, root: str, sub: str, sha: str) -> Probe:
    """The root repository names that commit."""
    run = _run(where, "gbtui-git-pointer", POINTER, root, sub, sha)
    return Probe(f"{root} names {sha[:10]} for {sub}", run, "stdout", "yes")


def push_root(where: str, root: str, to: tuple[str, str], pointed: tuple[str, str], old: str) -> Exec:
    """Push the root's HEAD `to` (remote, branch) while it names `pointed` (submodule, commit)."""
    return _run(where, "gbtui-git-push-root", PUSH_ROOT, root, *to, *pointed, old, timeout=300.0)


def root_has(where: str, root: str, to: tuple[str, str], pointed: tuple[str, str]) -> Probe:
    """The remote, asked, has the root's HEAD, and that names the submodule's commit."""
    run = _run(where, "gbtui-git-root-has", ROOT_HAS, root, *to, *pointed)
    title = f"{to[1]} of {to[0]} names {pointed[1][:10]} for {pointed[0]}"
    return Probe(title, run, "stdout", "yes")
