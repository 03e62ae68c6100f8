# Debian's engine, unpacked into the cache. Sourced by engine.
# shellcheck shell=bash

engine= # the folder of the unpacked engine: root/ is the packages' content, bin/ what dockerd calls, cli/ a docker client

# packages_wanted prints the engine's packages, and of those that they need the ones that this machine lacks.
packages_wanted() {
  local plan
  plan=$(apt-get install --simulate --quiet=2 --no-install-recommends docker.io containerd runc iptables 2>/dev/null) || return
  {
    printf '%s\n' docker.io containerd runc
    awk '$1 == "Inst" && ($2 ~ /^lib/ || $2 == "iptables" || $2 == "tini") && $2 !~ /^libc6/ {print $2}' <<<"$plan"
  } | sort -u
}

# packages_listed prints a line "FILE SHA256:SUM" for each package named, as apt's lists have it.
packages_listed() {
  [ $# -gt 0 ] && apt-get download --print-uris "$@" 2>/dev/null | awk '{print $2, $4}'
}

# packages_fetch sets $engine to a folder with the engine that the package lists name, unpacking it unless it is there.
packages_fetch() {
  local wanted list key part
  wanted=$(packages_wanted) || true
  # shellcheck disable=SC2086
  if ! list=$(packages_listed $wanted); then
    packages_refresh
    wanted=$(packages_wanted) && list=$(packages_listed $wanted) || fail 'apt has no docker.io here: the engine needs a Debian archive'
  fi
  # Everything that decides what the folder holds: raise the layout's number when that changes. Its scripts name its path.
  key=$(printf 'layout 2\n%s\n%s\n' "$cache" "$list" | sha256sum | cut -c1-16)
  engine=$cache/$key part=$cache/$key.part
  if [ -f "$engine/sealed" ] && (cd "$engine" && sha256sum --quiet --strict -c sealed >/dev/null 2>&1); then
    return
  fi
  say "downloading and unpacking" $wanted
  # Engines of older packages go as well: none of them runs, or up would have ended before this.
  rm -rf "${cache:?}"/*
  mkdir -p "$part"/{deb,root,bin,cli}
  packages_download "$part/deb" $wanted
  find "$part/deb" -name '*.deb' -exec dpkg-deb -x {} "$part/root" \;
  rm -rf "$part"/deb "$part"/root/{etc,var,lib/systemd,usr/share}
  packages_link "$part"
  (cd "$part" && find bin root -type f -exec sha256sum {} + >sealed)
  mv "$part" "$engine"
}

packages_refresh() {
  say "bringing apt's package lists up to date"
  apt-get update --quiet=2 || fail 'apt-get update failed: the engine needs a Debian archive'
}

# packages_download FOLDER PACKAGE... fetches into a folder. Lists that are too old name files which are gone by now.
packages_download() {
  cd "$1"
  # Not as apt's own user, who cannot write into root's cache.
  local get=(apt-get download --quiet=2 -o APT::Sandbox::User=root -o Acquire::Retries=1 "${@:2}")
  if ! "${get[@]}" >/dev/null 2>&1; then
    packages_refresh
    "${get[@]}" >/dev/null || fail 'downloading the engine failed'
  fi
  cd "$OLDPWD"
}

# packages_link writes bin/ and cli/. What is linked against unpacked libraries is called through a few lines of shell
# that name them, so that no other program is given libraries which are not its machine's.
packages_link() {
  local root=$1/root final=${1%.part} libraries modules program name
  libraries=$(find "$root" -name 'lib*.so.*' ! -path '*/xtables/*' -printf '%h\n' | sort -u | sed "s|^$1|$final|" | paste -sd:)
  for program in dockerd docker-proxy containerd containerd-shim-runc-v2 runc; do
    name=$(find "$root"/usr/bin "$root"/usr/sbin -name "$program" -print -quit)
    [ -n "$name" ] || fail "Debian's engine has no $program any more: packages.sh has to learn where it went"
    wrap "$1/bin/$program" "$libraries" '' "${name/#$1/$final}"
  done
  # This one is static, and the engine puts the file itself into containers.
  name=$(find "$root"/usr/bin "$root"/usr/sbin -name docker-init -print -quit)
  [ -z "$name" ] || ln -s "${name/#$1/$final}" "$1/bin/docker-init"
  name=$(find "$root"/usr/bin -name docker -print -quit)
  [ -z "$name" ] || ln -s "${name/#$1/$final}" "$1/cli/docker"
  [ -x "$root/usr/sbin/xtables-nft-multi" ] || return 0
  modules=$(find "$root" -type d -name xtables -print -quit)
  for program in iptables iptables-save iptables-restore ip6tables ip6tables-save ip6tables-restore; do
    wrap "$1/bin/$program" "$libraries" "XTABLES_LIBDIR=${modules/#$1/$final}" "$final/root/usr/sbin/xtables-nft-multi" "$program"
  done
}

# wrap FILE LIBRARIES ASSIGNMENT PROGRAM... writes a program that calls another one.
wrap() {
  local file=$1 libraries=$2 assignment=$3
  shift 3
  {
    echo '#!/bin/sh'
    [ -z "$libraries" ] || printf 'export LD_LIBRARY_PATH=%s\n' "$libraries"
    [ -z "$assignment" ] || printf 'export %s\n' "$assignment"
    printf 'exec %s "$@"\n' "$*"
  } >"$file"
  chmod 755 "$file"
}

# tools_load finds again, from the state of a running engine, what up has used.
tools_load() {
  [ -n "$engine" ] || engine=$(cat "$state/engine" 2>/dev/null || true)
}

# tool NAME ARGUMENT... calls iptables and the like: the unpacked one, as the engine does, or else the machine's own.
tool() {
  local name=$1
  shift
  if [ -x "$engine/bin/$name" ]; then name=$engine/bin/$name; fi
  command "$name" "$@"
}
