# Starting and stopping dockerd. Sourced by engine.
# shellcheck shell=bash

docker_client() {
  local client
  client=$(command -v docker || echo "$(cat "$state/engine")/cli/docker")
  DOCKER_HOST=$host "$client" "$@"
}

# daemon_pid prints the process id of the engine, if the process is an engine: after a restart of the machine the number
# in the file can be anybody's.
daemon_pid() {
  local pid
  pid=$(cat "$run/dockerd.pid" 2>/dev/null) || return 1
  grep -qz -- "$run/dockerd.pid" "/proc/$pid/cmdline" 2>/dev/null || return 1
  echo "$pid"
}

daemon_runs() { daemon_pid >/dev/null; }

daemon_answers() { docker_client version >/dev/null 2>&1; }

# daemon_await MESSAGE [PID] waits until the engine answers, and fails with the message when it does not, or when the
# process ends meanwhile.
daemon_await() {
  local waited=0
  until daemon_answers; do
    [ -z "${2:-}" ] || kill -0 "$2" 2>/dev/null || fail "$1"
    waited=$((waited + 1))
    [ "$waited" -le 300 ] || fail "$1 (waited for a minute)"
    [ $((waited % 15)) -ne 0 ] || say "waiting for dockerd ($((waited / 5)) s)"
    sleep 0.2
  done
}

daemon_summary() {
  docker_client info --format '{{.ServerVersion}}, storage {{.Driver}}, runtime {{.DefaultRuntime}}, cgroup v{{.CgroupVersion}} with {{.CgroupDriver}}'
}

# daemon_start starts dockerd, which starts its containerd itself, and waits until it answers.
daemon_start() {
  local missing runtime=() driver
  missing=$(missing_capabilities)
  if [ -n "$missing" ]; then
    say "root lacks $missing here: runc is called through runcap, which leaves that out"
    mkdir -p "$run/runtime"
    ln -sf "$engine/bin/runc" "$run/runtime/runc"
    (cd "$here/runcap" && CGO_ENABLED=0 GOWORK=off go build -buildvcs=false -trimpath -o "$run/runtime/runcap" .) ||
      fail 'building runcap failed: it needs Go'
    runtime=(--add-runtime "runcap=$run/runtime/runcap" --default-runtime runcap)
  fi
  # There is no registry: a pull ends at a closed port of this machine and does not wait for an answer from somewhere.
  # Containers' names that the engine does not know are asked for at the bridge, where nobody answers.
  HTTP_PROXY=http://127.0.0.1:9 HTTPS_PROXY=http://127.0.0.1:9 NO_PROXY='' AWS_EC2_METADATA_DISABLED=true \
    PATH=$engine/bin:$PATH setsid setpriv --regid "$group" --keep-groups "$engine/bin/dockerd" \
    --host "$host" --data-root "$data" --exec-root "$run/exec" --pidfile "$run/dockerd.pid" \
    --bridge "$bridge" --default-address-pool "base=$pool,size=24" --dns "$gateway" --iptables=true --ipv6=false \
    --exec-opt native.cgroupdriver=cgroupfs --cgroup-parent "/$cgroup" \
    --label ampersand.offline=true "${runtime[@]}" </dev/null >"$log" 2>&1 9>&- &
  daemon_await 'dockerd did not start' $!
  guard_in_force || fail 'the engine has put the egress guard out of force'
  driver=$(docker_client info --format '{{.Driver}}')
  [ "$driver" = overlay2 ] || say "images are stored with $driver, slower and bigger: the file system below $data does not allow overlay2"
}

# daemon_stop ends containers, networks and the engine, and whatever a killed engine has left.
daemon_stop() {
  local pid ids waited=0
  if pid=$(daemon_pid); then
    if daemon_answers; then
      mapfile -t ids < <(docker_client ps --all --quiet)
      if [ ${#ids[@]} -gt 0 ]; then
        say "removing containers that are left: $(docker_client ps --all --format '{{.Names}}' | paste -sd' ')"
        docker_client rm --force --volumes "${ids[@]}" >/dev/null || true
      fi
      mapfile -t ids < <(docker_client network ls --quiet --filter type=custom)
      [ ${#ids[@]} -eq 0 ] || docker_client network rm "${ids[@]}" >/dev/null || true
    fi
    kill -TERM "$pid" 2>/dev/null || true
    while kill -0 "$pid" 2>/dev/null; do
      waited=$((waited + 1))
      [ $((waited % 15)) -ne 0 ] || say "waiting for dockerd to end ($((waited / 5)) s)"
      if [ "$waited" -eq 150 ]; then
        say 'dockerd does not end: killing it'
        kill -KILL "$pid" 2>/dev/null || true
      fi
      sleep 0.2
    done
  fi
  waited=0
  while [ "$(daemon_leftovers | wc -l)" -gt 0 ]; do
    [ "$waited" -gt 0 ] || say "ending what a killed engine left: $(daemon_leftovers | wc -l) processes"
    waited=$((waited + 1))
    [ "$waited" -le 50 ] || { say "these processes do not end: $(daemon_leftovers | paste -sd' ')"; return 0; }
    daemon_leftovers | xargs -r kill -KILL 2>/dev/null || true
    sleep 0.1
  done
}

# daemon_leftovers prints the processes that were started from the engine's folder or sit in its containers' cgroups.
daemon_leftovers() {
  local entry
  for entry in /proc/[0-9]*; do
    case $(readlink "$entry/exe" 2>/dev/null) in
      # A client that somebody uses ends by itself.
      "$engine"/root/usr/bin/docker) continue ;;
      "$engine"/*) echo "${entry#/proc/}"; continue ;;
    esac
    if grep -q ":/$cgroup/" "$entry/cgroup" 2>/dev/null; then echo "${entry#/proc/}"; fi
  done
}
