# The egress guard: no packet of a container or of the engine leaves the machine. Sourced by engine.
# shellcheck shell=bash
#
# Containers' packets are forwarded by this machine, whatever source address they have: a pod's packet for a service
# address that no rule knows yet follows the default route like any other. So the guard does not look at addresses. What
# is forwarded may go to a container network and nowhere else:
#
#   filter  FORWARD (before the engine's own rules)  refuses it, so that the sender learns at once
#   mangle  FORWARD                                  marks it
#   mangle  POSTROUTING                              drops what is marked: what got past the refusal does not leave either
#
# The engine's own processes have a group of their own and get the same refusal in OUTPUT: asked for an image that is not
# there, dockerd would ask the machine's resolver for the registry.
#
# The counter of the last rule has to stay 0. The rules are there before the engine starts, because an engine starts
# containers of its own accord when it finds some.

readonly refuse=AMPERSAND-REFUSE note=AMPERSAND-NOTE last=AMPERSAND-LAST mark=0x20000000/0x20000000
readonly hold=(-m comment --comment ampersand-hold -j DROP)

# guard_families prints the programs of the protocols that this machine speaks.
guard_families() {
  echo iptables
  [ ! -e /proc/net/if_inet6 ] || echo ip6tables
}

# guard_hook FAMILY prints the chain of the filter table that comes first in FORWARD. The engine puts its own rules above
# all others there, but leaves the content of DOCKER-USER alone; it does not touch IPv6's.
guard_hook() {
  if [ "$1" = iptables ]; then echo DOCKER-USER; else echo FORWARD; fi
}

# guard_rules FAMILY prints the guard's rules, in the order in which they are made: TABLE CHAIN RULE.
guard_rules() {
  cat <<RULES
mangle $last -m mark --mark $mark -j DROP
mangle POSTROUTING -j $last
mangle $note -o $bridge -j RETURN
mangle $note -o br-+ -j RETURN
mangle $note -j MARK --set-xmark $mark
mangle FORWARD -j $note
filter $refuse -o lo -j RETURN
filter $refuse -o $bridge -j RETURN
filter $refuse -o br-+ -j RETURN
filter $refuse -p tcp -j REJECT --reject-with tcp-reset
filter $refuse -j REJECT
filter $(guard_hook "$1") -j $refuse
filter OUTPUT -m owner --gid-owner $group -j $refuse
RULES
}

# guard_up puts the guard in force. Where it is in force already nothing changes, the counters neither.
guard_up() {
  guard_in_force && return
  local family table chain rule
  # Nothing is forwarded meanwhile: a cluster may be running. When this fails it stays so until down.
  for family in $(guard_families); do
    tool "$family" -w -t mangle -I FORWARD 1 "${hold[@]}" || fail "the egress guard could not be made: $family has no mangle table"
  done
  guard_clear
  for family in $(guard_families); do
    while read -r table chain rule; do
      tool "$family" -w -t "$table" -N "$chain" 2>/dev/null || true
      case $chain in
        AMPERSAND-*) # shellcheck disable=SC2086
          tool "$family" -w -t "$table" -A "$chain" $rule ;;
        *) # shellcheck disable=SC2086
          tool "$family" -w -t "$table" -I "$chain" 1 $rule ;;
      esac || fail "the egress guard could not be made: $family -t $table $chain $rule"
    done < <(guard_rules "$family")
  done
  guard_release
}

# guard_in_force tells whether every rule is there and the engine's hook leads to them.
guard_in_force() {
  local family table chain rule
  for family in $(guard_families); do
    while read -r table chain rule; do
      # shellcheck disable=SC2086
      tool "$family" -w -t "$table" -C "$chain" $rule 2>/dev/null || return 1
    done < <(guard_rules "$family")
  done
  ! daemon_runs || tool iptables -w -C FORWARD -j DOCKER-USER 2>/dev/null
}

guard_down() {
  guard_clear
  guard_release
}

guard_release() {
  local family
  for family in $(guard_families); do
    while tool "$family" -w -t mangle -D FORWARD "${hold[@]}" 2>/dev/null; do :; done
  done
}

guard_clear() {
  local family table chain rule
  for family in $(guard_families); do
    while read -r table chain rule; do
      # shellcheck disable=SC2086
      while tool "$family" -w -t "$table" -D "$chain" $rule 2>/dev/null; do :; done
    done < <(guard_rules "$family" | tac)
    for chain in "filter $refuse" "mangle $note" "mangle $last"; do
      tool "$family" -w -t "${chain% *}" -F "${chain#* }" 2>/dev/null || true
      tool "$family" -w -t "${chain% *}" -X "${chain#* }" 2>/dev/null || true
    done
  done
}

# guard_count FAMILY TABLE CHAIN TARGET prints how many packets the rule with that target has seen.
guard_count() {
  tool "$1" -w -t "$2" -nvxL "$3" | awk -v target="$4" '$3 == target {sum += $1} END {print sum + 0}'
}

# guard_check says in words what the counters say, and fails unless nothing got past.
guard_check() {
  if ! guard_in_force; then
    say 'check: the egress guard is NOT in force: nothing is known about packets of containers'
    return 1
  fi
  local family refused=0 past=0 out
  for family in $(guard_families); do
    refused=$((refused + $(guard_count "$family" filter "$refuse" REJECT)))
    past=$((past + $(guard_count "$family" mangle "$last" DROP)))
  done
  out=$(guard_uplinks)
  if [ "$past" -eq 0 ]; then
    say "check: $refused packets of containers and the engine were refused on their way out (${out:-no default route}), 0 left the machine"
    return 0
  fi
  say "check: $refused packets of containers and the engine were refused on their way out (${out:-no default route});" \
    "$past got past that rule and were dropped at the last: what let them past has to be found"
  return 1
}

# guard_uplinks prints the interfaces of the default routes.
guard_uplinks() {
  { ip -4 route show default; ip -6 route show default; } 2>/dev/null |
    awk '{for (i = 1; i < NF; i++) if ($i == "dev") print $(i + 1)}' | sort -u | paste -sd' '
}
