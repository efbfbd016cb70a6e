# Sourced by the commands beside it: makes .venv and installs what a requirements file pins.
# Needs nothing but Python 3.11 or later with its venv module.

find_python() {
    local name
    for name in python3 python3.14 python3.13 python3.12 python3.11; do
        if "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            echo "$name"
            return
        fi
    done
    echo "Python 3.11 or later is needed. On Debian or Ubuntu: sudo apt install python3" >&2
    return 1
}

# install FILE: everything in FILE, unless that very file is installed already.
install() {
    local file=$1 stamp=.venv/.installed-${1//\//-} python
    if [ -x .venv/bin/python ] && cmp -s "$file" "$stamp"; then
        return
    fi
    # One that was cut short while being made has a python but no pip: make it again.
    if ! .venv/bin/python -m pip --version >/dev/null 2>&1; then
        rm -rf .venv
        python=$(find_python) || return 1
        echo "Making .venv and installing what $file pins. This happens once." >&2
        if ! "$python" -m venv .venv; then
            rm -rf .venv
            echo "Python's venv module is missing. On Debian or Ubuntu: sudo apt install python3-venv" >&2
            return 1
        fi
    fi
    .venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r "$file" \
        || return 1
    cp "$file" "$stamp"
}
