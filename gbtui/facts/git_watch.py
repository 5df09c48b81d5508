"""A checkout and its submodule against what the remotes were last seen to have: no network (46–48, 85–88).

The rows are those that `gbtui.facts.git.parse_checkout` reads; a remote is what the last push or fetch
left of it in `refs/remotes`. git runs as the checkout's owner, never as root, and takes no locks.
"""

from __future__ import annotations

SCRIPT = r"""
if ! [ -d "$1" ]; then printf 'wrong\tmissing\n'; exit; fi
owner=$(stat -c %U -- "$1") || exit 1
home=$(getent passwd "$owner" | cut -d : -f 6)
git_in() {
  folder=$1; shift
  set -- env "HOME=$home" GIT_TERMINAL_PROMPT=0 GIT_OPTIONAL_LOCKS=0 LC_ALL=C git -C "$folder" \
    -c core.fsmonitor=false "$@"
  if [ "$owner" = "$(id -un)" ]; then "$@"; else runuser -u "$owner" -- "$@"; fi
}
root=$1 sub=$1/$2 name=$2 branch=$3 file=$4 root_remote=$5; shift 5
top() { [ "$(git_in "$1" rev-parse --show-toplevel 2>/dev/null)" = "$(realpath -- "$1")" ]; }
top "$root" || { printf 'wrong\tno-git\n'; exit; }
top "$sub" || { printf 'wrong\tno-submodule\n'; exit; }
printf 'owner\t%s\n' "$owner"
printf 'pointer\t%s\n' "$(git_in "$root" rev-parse -q --verify "HEAD:$name")"
remote() {
  which=$1 where=$2 remote=$3 head=$4 ahead=0
  has=$(git_in "$where" rev-parse -q --verify "refs/remotes/$remote/$branch")
  if ! git_in "$where" remote get-url "$remote" >/dev/null 2>&1; then state=silent
  elif [ "$has" = "$head" ]; then state=same
  elif [ -z "$has" ]; then state=new
  elif git_in "$where" merge-base --is-ancestor "$has" "$head"; then
    state=behind ahead=$(git_in "$where" rev-list --count "$has..$head")
  else state=diverged; fi
  printf '%s.remote\t%s\t%s\t%s\t\n' "$which" "$remote" "$state" "$ahead"
}
each() {
  which=$1 where=$2; shift 2
  head=$(git_in "$where" rev-parse -q --verify HEAD)
  printf '%s.branch\t%s\n' "$which" "$(git_in "$where" symbolic-ref -q --short HEAD)"
  printf '%s.head\t%s\n' "$which" "$head"
  git_in "$where" status --porcelain --ignore-submodules=all | head -n 50 | cut -c 4- |
    sed "s/^/$which.dirty\t/"
  git_in "$where" ls-files -- ":(glob)**/$file" | head -n 1 | sed "s/^/$which.secret\t/"
  for one; do remote "$which" "$where" "$one" "$head"; done
}
each sub "$sub" "$@"
each root "$root" "$root_remote"
"""
"""gbtui-git-look ROOT SUB BRANCH FILE ROOTREMOTE REMOTE …, without asking a remote; it changes nothing."""
