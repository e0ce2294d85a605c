#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# build.sh BUILD VERSION: builds BUILD/virtdeck_VERSION_ARCH.deb from the top of the source tree, with dpkg-dev
# only (debhelper would pull in much more and wants a debian/ folder at the top). Needs no root.
set -eu
umask 022
build=$1
version=$2
here=packaging/debian
work=$build/deb
root=$work/root
arch=$(dpkg --print-architecture)

changed=$(dpkg-parsechangelog -l "$here/changelog" -S Version)
if [ "$changed" != "$version" ]; then
    echo "deb: $here/changelog speaks of $changed, the Makefile of $version: add an entry" >&2
    exit 1
fi
# Files carry the time of the newest change, so that the same source gives the same package.
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH-$(dpkg-parsechangelog -l "$here/changelog" -S Timestamp)}
export SOURCE_DATE_EPOCH

DEB_BUILD_MAINT_OPTIONS=hardening=+all
export DEB_BUILD_MAINT_OPTIONS
flags() {
    dpkg-buildflags --get "$1"
}
rm -rf "$root" "$work/debian"
${MAKE-make} --no-print-directory install BUILD="$work/build" DESTDIR="$root" PREFIX=/usr \
    ZSHDIR=/usr/share/zsh/vendor-completions \
    CFLAGS="$(flags CFLAGS)" CPPFLAGS="$(flags CPPFLAGS)" LDFLAGS="$(flags LDFLAGS) -Wl,--as-needed"

strip --strip-unneeded --remove-section=.comment --remove-section=.note "$root/usr/bin/virtdeck"
doc=$root/usr/share/doc/virtdeck
install -m 644 "$here/copyright" "$doc/copyright"
install -m 644 "$here/changelog" "$doc/changelog"
gzip -9n "$doc/changelog"
find "$root/usr/share/man" -type f -exec gzip -9n {} +

# dpkg-shlibdeps reads its package from debian/control.
mkdir -p "$work/debian" "$root/DEBIAN"
cp "$here/control" "$work/debian/control"
for script in postinst prerm postrm; do
    install -m 755 "$here/$script" "$root/DEBIAN/$script"
done
depends=$(cd "$work" && dpkg-shlibdeps -O root/usr/bin/virtdeck | sed 's/^shlibs:Depends=//')
size=$(du -k -s --apparent-size --exclude=DEBIAN "$root" | cut -f 1)
sed -e '/^Source:/,/^$/d' \
    -e "s/\${binary:Version}/$version/; s/\${binary:Architecture}/$arch/; s/\${shlibs:Depends}/$depends/" \
    -e "/^Depends:/a\\
Installed-Size: $size" "$here/control" >"$root/DEBIAN/control"
(cd "$root" && find usr -type f | LC_ALL=C sort | xargs md5sum) >"$root/DEBIAN/md5sums"
find "$root" -newermt "@$SOURCE_DATE_EPOCH" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +
dpkg-deb --root-owner-group --build "$root" "$build/virtdeck_${version}_$arch.deb"
