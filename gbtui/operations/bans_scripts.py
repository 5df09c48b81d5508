"""The two scripts that look at bans: fail2ban's own list beside what the packet filter really holds.

fail2ban answers before its action ran, and whether or not it worked; so what is true is read from
iptables, ipset and nft, under the names that fail2ban's own actions use (`f2b-JAIL`, `addr-set-JAIL`).

    gbtui-ban-rules [JAIL…]      "bans", then one line per address and where it is held:
                                 JAIL NETWORK listed fail2ban      (of the jails named)
                                 JAIL NETWORK blocked|unreached iptables|ip6tables SPECIFICATION
                                 JAIL NETWORK blocked|unreached ipset|nft SET
    gbtui-ban-state JAIL NETWORK "free", or how it is held: lines "listed fail2ban", "blocked nft", …
    gbtui-ban-match DATE REGEX   fail2ban-regex on the log lines in stdin: its own summary
    gbtui-ban-jail JAIL SSHD PART…  "absent", or "JAIL maxretry=… findtime=… bantime=… filter=… sshd=…":
                                 filter "this" where one of its expressions holds every PART; sshd on
                                 or off, and SSHD itself where that is "any"

"unreached": nothing sends packets to that chain or set. They fail (exit status 1) where something
could not be looked at. A jail that does not exist has no list.
"""

from __future__ import annotations

_HELD = r"""
for jail; do
  listed=$(fail2ban-client get "$jail" banip) ||
    case $listed in *'does not exist'*) listed= ;; *) exit 1 ;; esac
  printf '%s\n' "$listed" | awk -v jail="$jail" '{
    for (i = 1; i <= NF; i++) print jail, ($i ~ /\// ? $i : $i ($i ~ /:/ ? "/128" : "/32")), "listed fail2ban"
  }'
done
used=
for tool in iptables ip6tables; do
  command -v "$tool" >/dev/null || continue
  rules=$("$tool" -w -S) || exit 1
  printf '%s\n' "$rules" | awk -v tool="$tool" '
    $1 == "-A" && $2 !~ /^f2b-/ { for (i = 3; i < NF; i++) if ($i == "-j") reached[$(i + 1)] = 1 }
    $1 == "-A" && $2 ~ /^f2b-/ && $3 == "-s" && $5 == "-j" && ($6 == "REJECT" || $6 == "DROP") {
      chain[++n] = $2; address[n] = $4; sub(/^-A [^ ]+ /, ""); spec[n] = $0
    }
    END {
      for (i = 1; i <= n; i++)
        print substr(chain[i], 5), address[i], (chain[i] in reached) ? "blocked" : "unreached", tool, spec[i]
    }'
  used="$used $(printf '%s\n' "$rules" | sed -n 's/.*--match-set \([^ ]*\) src .*/\1/p' | tr '\n' ' ')"
done
if command -v ipset >/dev/null && sets=$(ipset save 2>/dev/null); then
  printf '%s\n' "$sets" | awk -v used=" $used " '
    $1 == "create" { six[$2] = / family inet6 / }
    $1 == "add" && $2 ~ /^f2b-/ {
      jail = substr($2, 5); if (six[$2]) sub(/6$/, "", jail)
      address = $3 ~ /\// ? $3 : $3 (six[$2] ? "/128" : "/32")
      print jail, address, index(used, " " $2 " ") ? "blocked" : "unreached", "ipset", $2
    }'
fi
if command -v nft >/dev/null; then
  tables=$(nft list tables) || exit 1
  case $tables in *'table inet f2b-table'*)
    table=$(nft list table inet f2b-table) || exit 1
    printf '%s\n' "$table" | awk '
      $1 == "set" { name = $2 }
      $1 == "chain" { name = "" }
      name == "" { for (i = 1; i <= NF; i++) if ($i ~ /^@/) used[substr($i, 2)] = 1 }
      name != "" && /elements = [{]/ { open = 1; sub(/.*elements = [{]/, "") }
      open {
        last = /[}]/; sub(/[}].*/, ""); count = split($0, parts, ",")
        for (i = 1; i <= count; i++)
          if (split(parts[i], words, " ")) { n++; of[n] = name; address[n] = words[1] }
        if (last) open = 0
      }
      END {
        for (i = 1; i <= n; i++) {
          jail = of[i]; six = jail ~ /^addr6-set-/; if (!sub(/^addr6?-set-/, "", jail)) continue
          if (address[i] !~ /\//) address[i] = address[i] (six ? "/128" : "/32")
          print jail, address[i], (of[i] in used) ? "blocked" : "unreached", "nft", of[i]
        }
      }' ;;
  esac
fi
"""

RULES = f"echo bans\n{_HELD.strip()}\n"

STATE = f"""held() {{
{_HELD.strip()}
}}
rows=$(held "$1") || exit 1
found=$(printf '%s\\n' "$rows" | awk -v jail="$1" -v net="$2" '$1 == jail && $2 == net {{ print $3, $4 }}')
printf '%s\\n' "${{found:-free}}"
"""

MATCH = """
command -v fail2ban-regex >/dev/null || { echo "fail2ban-regex: not found" >&2; exit 127; }
sample=$(mktemp) || exit 1
trap 'rm -f -- "$sample"' EXIT
cat >"$sample"
fail2ban-regex --no-check-all -d "$1" "$sample" "$2" | grep '^Lines: '
"""

JAIL = r"""
jail=$1 wanted=$2; shift 2
list=$(fail2ban-client status) || exit 1
list=$(printf '%s\n' "$list" | sed -n 's/.*Jail list:[[:space:]]*//p' | tr -d ' ')
case ",$list," in *",$jail,"*) ;; *) echo absent; exit 0 ;; esac
said=$jail
for name in maxretry findtime bantime; do
  value=$(fail2ban-client get "$jail" "$name") || exit 1
  said="$said $name=$value"
done
regex=$(fail2ban-client get "$jail" failregex) || exit 1
filter=this
for part; do
  regex=$(printf '%s\n' "$regex" | grep -F -- "$part") || { filter=other; break; }
done
case $wanted in any) sshd=any ;; *) case ",$list," in *,sshd,*) sshd=on ;; *) sshd=off ;; esac ;; esac
printf '%s filter=%s sshd=%s\n' "$said" "$filter" "$sshd"
"""
