# What the scripts beside this file share; sourced by them, never run.
# Finds Python, makes .venv and installs Lianxin into it whenever pyproject.toml has changed.

root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
bin=$root/.venv/bin

# Asked for help, a script shows its own opening comment instead of preparing anything.
case ${1:-} in
    -h | --help)
        sed -n '2,/^set /s/^# //p' "$0"
        exit
        ;;
esac

say() { printf 'lianxin: %s\n' "$*"; }

fail() {
    printf 'lianxin: %s\n' "$*" >&2
    exit 1
}

can_apt() { [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; }

apt_install() {
    say "installing system packages: $*"
    apt-get update -qq &&
        DEBIAN_FRONTEND=noninteractive DEBCONF_NOWARNINGS=yes \
            apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

find_python() {
    for python in python3 python3.14 python3.13 python3.12 python3.11 python; do
        if "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            return
        fi
    done
    fail "Python 3.11 or newer is needed; on Debian 12+ or Ubuntu 24.04+: sudo apt-get install python3 python3-venv"
}

# Debian keeps venv and ensurepip in a package of their own.
need_venv_module() {
    "$python" -c 'import ensurepip, venv' 2>/dev/null && return
    package=$("$python" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')
    can_apt || fail "$python has no venv module; type: sudo apt-get install $package"
    apt_install "$package" || fail "could not install $package; type: apt-get install $package"
}

# use_venv EXTRA: .venv holds Lianxin with the libraries of EXTRA ("all" or "test").
use_venv() {
    # A virtual environment remembers its path, so a moved checkout needs a new one.
    stamp="$root $(cksum <"$root/pyproject.toml")"
    if [ -x "$bin/lianxin" ] && [ "$(cat "$root/.venv/.lianxin-$1" 2>/dev/null)" = "$stamp" ]; then
        return
    fi
    home=$(cat "$root/.venv/.lianxin-home" 2>/dev/null || echo "$root")
    if [ "$home" != "$root" ] || ! "$bin/python" -m pip --version >/dev/null 2>&1; then
        find_python
        need_venv_module
        say "making a virtual environment in .venv with $("$python" --version)"
        "$python" -m venv --clear "$root/.venv"
    fi
    echo "$root" >"$root/.venv/.lianxin-home"
    say "installing libraries into .venv (the first time takes a minute or two)"
    LIANXIN_SKIP_WEB=1 "$bin/python" -m pip install -qq --disable-pip-version-check --editable "$root[$1]"
    echo "$stamp" >"$root/.venv/.lianxin-$1"
    [ "$1" = all ] || echo "$stamp" >"$root/.venv/.lianxin-all" # every other extra contains it
}

build_web() { "$bin/python" "$root/lianxin/webbuild.py"; }
