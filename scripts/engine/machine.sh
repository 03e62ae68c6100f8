# What up changes in the machine beside the guard, and how it is taken back. Sourced by engine.
# shellcheck shell=bash

# What the engine, kubelet and kube-proxy write into the kernel's settings.
readonly sysctls=(
  net/ipv4/ip_forward net/ipv6/conf/all/forwarding net/ipv6/conf/default/forwarding
  net/bridge/bridge-nf-call-iptables net/bridge/bridge-nf-call-ip6tables
  kernel/panic kernel/panic_on_oops vm/overcommit_memory vm/panic_on_oom
  kernel/keys/root_maxkeys kernel/keys/root_maxbytes net/netfilter/nf_conntrack_max
)

# Folders that the engine makes outside its own, the innermost first.
readonly folders=(/run/docker/plugins /run/docker /run/containerd/s /run/containerd)

# machine_record notes how the machine is before it is changed.
machine_record() {
  local name family
  for name in "${sysctls[@]}"; do
    [ ! -r "/proc/sys/$name" ] || printf '%s %s\n' "$name" "$(cat "/proc/sys/$name")"
  done >"$state/sysctls"
  for family in $(guard_families); do
    printf '%s %s\n' "$family" "$(tool "$family" -w -S FORWARD | awk '$1 == "-P" {print $3}')"
  done >"$state/forward"
  links >"$state/links"
  for name in "${folders[@]}"; do
    [ -d "$name" ] || echo "$name"
  done >"$state/folders"
  # Chains of another engine: with --force only.
  if tool iptables -w -S DOCKER >/dev/null 2>&1; then : >"$state/another-engine"; fi
}

# machine_prepare makes the engine's bridge, and what systemd in a node's container needs under cgroup v1.
machine_prepare() {
  local route
  route=$(ip -4 route show to match "$gateway" | grep -v '^default' || true)
  [ -z "$route" ] || fail "the engine's addresses $pool are in use here: $route"
  ip link add "$bridge" type bridge
  ip addr add "$gateway/24" dev "$bridge"
  ip link set "$bridge" up

  # On cgroup v2 there is one hierarchy and nothing to do.
  [ ! -f /sys/fs/cgroup/cgroup.controllers ] || return 0
  mountpoint -q /sys/fs/cgroup || fail 'no cgroups are mounted at /sys/fs/cgroup: containers cannot run here'
  if ! mountpoint -q /sys/fs/cgroup/systemd; then
    say 'mounting /sys/fs/cgroup/systemd, which a systemd in a container needs under cgroup v1'
    mkdir /sys/fs/cgroup/systemd 2>/dev/null && : >"$state/made-systemd"
    mount -t cgroup -o none,name=systemd cgroup /sys/fs/cgroup/systemd
    : >"$state/mounted-systemd"
  fi
}

# machine_restore takes back what machine_prepare and the engine did, and sets again what machine_record noted.
machine_restore() {
  local name value dir
  for name in $(links_made); do
    ip link delete "$name" 2>/dev/null || true
  done
  # Children first; a cgroup with a process in it stays.
  if [ -f /sys/fs/cgroup/cgroup.controllers ]; then dir=/sys/fs/cgroup/$cgroup; else dir=/sys/fs/cgroup/*/$cgroup; fi
  # shellcheck disable=SC2086
  find $dir -depth -type d -exec rmdir {} \; 2>/dev/null || true
  if [ -f "$state/mounted-systemd" ]; then
    umount /sys/fs/cgroup/systemd
  fi
  if [ -f "$state/made-systemd" ]; then
    rmdir /sys/fs/cgroup/systemd
  fi
  while read -r name value; do
    tool "$name" -w -P FORWARD "$value"
  done <"$state/forward"
  while read -r name value; do
    [ "$(cat "/proc/sys/$name")" = "$value" ] || echo "$value" >"/proc/sys/$name" || true
  done <"$state/sysctls"
  while read -r name; do
    # Killed processes leave their sockets.
    find "$name" -maxdepth 1 -type s -delete 2>/dev/null || true
    rmdir --ignore-fail-on-non-empty "$name" 2>/dev/null || true
  done <"$state/folders"
}

links() { ip -o link show | awk -F': ' '{sub(/@.*/, "", $2); print $2}'; }

# links_made prints the bridges of this engine. Beside another engine, whose bridges have such names too, it is only the
# default one: the others went with their networks.
links_made() {
  local names=$bridge
  [ -f "$state/another-engine" ] || names="$bridge|br-[0-9a-f]{12}"
  links | grep -Ex "$names" | grep -vxFf "$state/links" || true
}

# rules_remove deletes the rules and chains of iptables that the engine made: engines leave them when they stop.
rules_remove() {
  local table line pattern
  pattern="$pool_pattern|-[io] ($(links_made | paste -sd'|'))( |\$)"
  [ -f "$state/another-engine" ] || pattern="$pattern|DOCKER"
  for table in filter nat; do
    while read -r line; do
      # shellcheck disable=SC2086
      tool iptables -w -t "$table" -D $line 2>/dev/null || true
    done < <(tool iptables-save -t "$table" | sed -n 's/^-A //p' | grep -E -- "$pattern")
    [ ! -f "$state/another-engine" ] || continue
    while read -r line; do
      tool iptables -w -t "$table" -F "$line" && tool iptables -w -t "$table" -X "$line" || true
    done < <(tool iptables-save -t "$table" | sed -nE 's/^:(DOCKER[^ ]*) .*/\1/p')
  done
}

# umount_below DIR unmounts a folder and what is mounted in it, the innermost first: the engine mounts its own on itself.
umount_below() {
  local dir
  while read -r dir; do
    umount "$dir" 2>/dev/null || umount -l "$dir"
  done < <(awk -v dir="$1" '$5 == dir || index($5, dir "/") == 1 {print $5}' /proc/self/mountinfo | sort -r)
}

# missing_capabilities prints what a privileged container asks for and root does not have here.
missing_capabilities() {
  local bounding highest number names=()
  bounding=$((16#$(awk '$1 == "CapBnd:" {print $2}' /proc/self/status)))
  highest=$(cat /proc/sys/kernel/cap_last_cap)
  for ((number = 0; number <= highest; number++)); do
    (((bounding >> number) & 1)) || names+=("$(capability_name "$number")")
  done
  echo "${names[*]}"
}

capability_name() {
  case $1 in
    12) echo CAP_NET_ADMIN ;; 16) echo CAP_SYS_MODULE ;; 17) echo CAP_SYS_RAWIO ;; 19) echo CAP_SYS_PTRACE ;;
    21) echo CAP_SYS_ADMIN ;; 23) echo CAP_SYS_NICE ;; 24) echo CAP_SYS_RESOURCE ;; 25) echo CAP_SYS_TIME ;; 27) echo CAP_MKNOD ;;
    *) echo "capability number $1" ;;
  esac
}
