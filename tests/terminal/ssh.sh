#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# The terminal is the screen's: an ssh that is started under it is told not to ask there, whichever way the URI comes. One
# that is given up is ended, even where it was only about to begin.
. "$(dirname "$0")/../lib.sh"
. "$top/tests/terminal/lib.sh"

cat >"$TEST_TMP/ssh" <<'EOF'
#!/bin/sh
echo "$@" >>"$0.words"
exit 255
EOF
chmod +x "$TEST_TMP/ssh"
uri="qemu+ssh://far.example/system?command=$TEST_TMP/ssh"

was_started() {
    [ -s "$TEST_TMP/ssh.words" ]
}

# asks_nothing WHAT [VARIABLE=VALUE…] [ARGUMENT…]
asks_nothing() {
    ssh_what=$1
    shift
    rm -f "$TEST_TMP/ssh.words"
    term_start 80x24 "$@"
    check "$ssh_what: ssh is started" wait_for 10 was_started
    like "$ssh_what: in batch mode" "$(head -n 1 "$TEST_TMP/ssh.words")" 'BatchMode=yes'
    leave
}

asks_nothing "-c" -c "$uri"
asks_nothing "libvirt's default" "LIBVIRT_DEFAULT_URI=$uri"
if [ "$(id -u)" != 0 ]; then
    mkdir -p "$HOME/.config/libvirt"
    echo "uri_aliases = [ \"far=$uri\" ]" >"$HOME/.config/libvirt/libvirt.conf"
    asks_nothing "an alias" -c far
fi

# ---- given up between fork and exec ----
need cc
# Its child holds the connection: were that left alone, libvirt would wait for it.
cat >"$TEST_TMP/ssh-waits" <<'EOF'
#!/bin/sh
trap 'kill $!; exit' TERM
sleep 600 &
wait
EOF
chmod +x "$TEST_TMP/ssh-waits"
# A child is what its parent was, for a while. Only this ssh is slow to begin.
cat >"$TEST_TMP/late.c" <<'EOF'
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int execve(const char *path, char *const argv[], char *const envp[])
{
    int (*next)(const char *, char *const *, char *const *);
    *(void **)&next = dlsym(RTLD_NEXT, "execve");
    if (strstr(path, "ssh-waits")) {
        close(open(getenv("LATE_REACHED"), O_CREAT | O_WRONLY, 0600));
        usleep(300000);
    }
    return next(path, argv, envp);
}

int execv(const char *path, char *const argv[])
{
    return execve(path, argv, environ);
}
EOF
cc -shared -fPIC -o "$TEST_TMP/late.so" "$TEST_TMP/late.c" -ldl || exit 1
# The sanitizer wants to be loaded first; nothing here needs that.
term_start 80x24 "LD_PRELOAD=$TEST_TMP/late.so" "LATE_REACHED=$TEST_TMP/reached" \
    "ASAN_OPTIONS=${ASAN_OPTIONS-}:verify_asan_link_order=0" -c "qemu+ssh://far.example/system?command=$TEST_TMP/ssh-waits"
type_text ':disconnect'
check "a child that is to become ssh" wait_for 10 test -e "$TEST_TMP/reached"
keys Enter
shows "it is given up" 'given up'
eventually "the ssh that it became is ended" 10 no_child
leave
done_testing
