# shellcheck shell=bash
# Run by clean-debian: installs the package that lies in /share, and leaves of each check NAME.out, what it printed, and NAME.rc.
# Where that Debian is not booted, nothing is left of the checks of units.

check() {
	local name=$1 status=0
	shift
	"$@" </dev/null >"$name.out" 2>&1 || status=$?
	echo "$status" >"$name.rc"
}

check lintian lintian --allow-root --fail-on error -- *.deb
# Not apt: what Depends does not name is not there.
check install dpkg --install -- *.deb
check verify dpkg --verify guestplane
check version guestplane --version

man_page() { MANWIDTH=80 man --warnings -Tutf8 "$1" >"$1.text"; }
for page in /usr/share/man/man[15]/guestplane*; do
	page=$(basename "$page" .gz)
	page=${page%.[15]}
	check "man-$page" man_page "$page"
done

readonly UNIT=guestplane-kiosk@.service EXAMPLES=/usr/share/doc/guestplane/examples
check desktop desktop-file-validate /usr/share/applications/guestplane.desktop
# It has no site to name.
check metainfo appstreamcli validate --no-net --override=url-homepage-missing=info \
	/usr/share/metainfo/guestplane.metainfo.xml
# Each file that a page of the package points at is there.
links() {
	local page to status=0

	cd /usr/share/doc/guestplane
	for page in *.md; do
		while read -r to; do
			[[ -e $to ]] || { echo "$page: $to"; status=1; }
		done < <(grep -oP '\]\(\K[^):]+(?=\))' "$page")
	done
	return "$status"
}
check links bash -c "$(declare -f links); links"
check udev udevadm verify /usr/lib/udev/rules.d/70-guestplane.rules
check system-unit systemd-analyze verify "/usr/lib/systemd/system/${UNIT/@/@pattern}"
check user-unit env XDG_RUNTIME_DIR=/run systemd-analyze --user verify "/usr/lib/systemd/user/${UNIT/@/@pattern}"
# In tenths, from 0 to 100.
check hardening systemd-analyze security --offline=true --threshold=20 "/usr/lib/systemd/system/$UNIT"

readonly SHARE=guestplane-share@pattern
check share-units systemd-analyze verify /usr/lib/systemd/system/$SHARE.{socket,service}
check share-hardening systemd-analyze security --offline=true --threshold=15 /usr/lib/systemd/system/guestplane-share@.service

# Each shell completes these. A line of what it makes of each.
readonly LINES=("guestplane sho" "guestplane show pat" "guestplane show qe" "guestplane show --cur" "guestplane show --cursor p"
	"guestplane show pattern --cursor=p" "guestplane show --scale 1:" "guestplane show li" "guestplane show pattern:ra"
	"guestplane show pattern:still,format=NV" "guestplane probe pat" "guestplane show pattern --keys fullscreen=F12,scr"
	"guestplane share pattern --bus se")

bash_completes() {
	. /usr/share/bash-completion/completions/guestplane
	for COMP_LINE in "${LINES[@]}"; do
		COMP_POINT=${#COMP_LINE}
		_guestplane guestplane
		# readline puts it in the place of what comes after one of COMP_WORDBREAKS.
		echo "${COMP_LINE%"${COMP_LINE##*[[:space:]:=]}"}${COMPREPLY[*]}"
	done
}

# The line and a tab are typed into a shell of its own, which then prints what it has.
zsh_completes() {
	zsh -f /dev/stdin "${LINES[@]}" <<-'ZSH'
		zmodload zsh/zpty
		zpty editor zsh -f -i
		zpty -w editor 'autoload -U compinit; compinit -u; bindkey "^I" complete-word; print re""ady'
		zpty -r editor text '*ready*'
		for line; do
			zpty -w -n editor "$line"$'\t\x01print -r -- to:\x05\n'
			zpty -r editor text '*'$'\n''to:guestplane*'$'\n'
			print -r -- ${${${${(f)text}[(r)to:*]}#to:}%$'\r'}
		done
	ZSH
}

fish_completes() {
	# shellcheck disable=SC2016 # fish's own
	fish --no-config -c 'source /usr/share/fish/vendor_completions.d/guestplane.fish
		for line in $argv
			echo (string replace --regex "\S+\$" "" -- $line)(complete --do-complete=$line | string split --fields 1 \t)
		end' "${LINES[@]}"
}

check bash bash_completes
check zsh timeout 60 bash -c "$(declare -p LINES); $(declare -f zsh_completes); zsh_completes"
check fish fish_completes

export XDG_RUNTIME_DIR=/run/host LIBGL_ALWAYS_SOFTWARE=1
mkdir -m 700 "$XDG_RUNTIME_DIR"
show() { exec guestplane show pattern --frames 60 --report "/share/$1.json" "${@:2}"; }
export -f show

on_weston() {
	weston --backend=headless --renderer=gl --no-config --idle-time=0 --socket=guestplane-test >weston.log 2>&1 &
	until [[ -S $XDG_RUNTIME_DIR/guestplane-test ]]; do
		kill -0 $! || return
		sleep 0.05
	done
	WAYLAND_DISPLAY=guestplane-test timeout 60 bash -c 'show weston' && kill $!
}

check weston on_weston
# The examples, whose hosts end with guestplane.
mkdir /etc/guestplane
cp $EXAMPLES/weston* /etc/guestplane
check weston-kiosk env KIOSK_SOURCE=pattern KIOSK_OPTIONS="--frames 60 --report /share/weston-kiosk.json" \
	timeout 60 weston --backend=headless --renderer=gl --config=/etc/guestplane/weston.ini
check cage-kiosk timeout 60 env WLR_BACKENDS=headless WLR_LIBINPUT_NO_DEVICES=1 WLR_RENDERER=pixman \
	cage -s -- bash -c 'show cage-kiosk --fullscreen'

# drop_in system|user LINE…
drop_in() {
	mkdir -p "/etc/systemd/$1/$UNIT.d"
	{ echo '[Service]' && printf '%s\n' "${@:2}"; } >>"/etc/systemd/$1/$UNIT.d/test.conf"
}

# drill MANAGER…: starts the kiosk, in its sandbox; kills it, and stops it so that the watchdog bites. Each time it is back.
drill() {
	local unit main

	unit=$(systemd-escape --template=$UNIT 'pattern:size=640x480,no-cursor')
	"$@" daemon-reload
	"$@" start "$unit" || return
	main=$(pid "$@")
	grep -q '^NoNewPrivs:.*1$' "/proc/$main/status" || return
	[[ ! -w /proc/$main/root/usr && -w /proc/$main/root/tmp ]] || return
	kill -KILL "$main"
	is_back 1 "$@" || return
	kill -STOP "$(pid "$@")"
	is_back 2 "$@" || return
	"$@" stop "$unit"
}

# pid MANAGER…: guestplane's, which is the unit's main process or its host's child.
pid() {
	local main
	main=$("$@" show --value --property MainPID "$unit")
	pgrep --parent "$main" --exact guestplane || echo "$main"
}

# is_back RESTARTS MANAGER…: within twenty seconds.
is_back() {
	local restarts state

	for _ in {1..200}; do
		read -r restarts state < <("${@:2}" show --value --property NRestarts,SubState "$unit" | paste -sd' ')
		[[ $restarts -lt $1 || $state != running ]] || return 0
		sleep 0.1
	done
	"${@:2}" status --no-pager --full "$unit"
	return 1
}

cage_drill() {
	drop_in system WatchdogSec=3 "Environment=WLR_BACKENDS=headless WLR_LIBINPUT_NO_DEVICES=1 WLR_RENDERER=pixman"
	drill systemctl
}

# The example, on a screen that is none.
weston_drill() {
	cp "$EXAMPLES/weston.conf" "/etc/systemd/system/$UNIT.d/weston.conf"
	sed 's/^\[core\]/&\nbackend=headless\nrenderer=gl/' "$EXAMPLES/weston.ini" >/etc/guestplane/weston.ini
	drop_in system Environment=LIBGL_ALWAYS_SOFTWARE=1
	drill systemctl
}

# A user's manager, as logind would start it, and a desktop of hers.
user_drill() {
	drop_in user WatchdogSec=3
	useradd --create-home --groups guestplane,kvm kiosk
	XDG_RUNTIME_DIR=/run/user/$(id -u kiosk)
	export XDG_RUNTIME_DIR
	install -d -o kiosk -g kiosk -m 700 "$XDG_RUNTIME_DIR"
	systemd-run --quiet --unit=manager --uid=kiosk --service-type=notify --property=Delegate=yes \
		--setenv=XDG_RUNTIME_DIR --setenv=WAYLAND_DISPLAY=guestplane-test /usr/lib/systemd/systemd --user
	systemd-run --quiet --unit=weston --uid=kiosk --setenv=XDG_RUNTIME_DIR \
		weston --backend=headless --renderer=pixman --no-config --idle-time=0 --socket=guestplane-test
	until [[ -S $XDG_RUNTIME_DIR/guestplane-test ]]; do
		systemctl is-active --quiet weston || return
		sleep 0.05
	done
	drill setpriv --reuid=kiosk --regid=kiosk --init-groups systemctl --user
}

# The socket starts the service, in its sandbox; a member of the group kvm may connect, and others may not.
share_drill() {
	local socket=/run/guestplane/pattern.sock width

	systemctl start $SHARE.socket || return
	useradd --groups kvm member
	useradd stranger
	width=$(width_as member) || return
	[[ $width = "u 1024" ]] || return
	! width_as stranger || return
	systemctl is-active $SHARE.service || return
	# By the socket's group alone; guestplane refuses her by itself, too.
	chmod 666 "$socket"
	! timeout 10 setpriv --reuid=stranger --regid=stranger --clear-groups \
		busctl --address="unix:path=$socket" status || return
	journalctl --unit=$SHARE.service | grep "is not allowed to see this VM"
	systemctl stop $SHARE.socket $SHARE.service
	[[ ! -e $socket ]]
}

# width_as USER
width_as() {
	timeout 20 setpriv --reuid="$1" --regid="$1" --init-groups busctl --address="unix:path=$socket" \
		get-property org.qemu /org/qemu/Display1/Console_0 org.qemu.Display1.Console Width
}


# A compositor that never starts: the unit ends in "failed" and not in a circle.
broken_unit() {
	local state unit

	mkdir "/etc/systemd/system/$UNIT.d"
	printf '[Service]\nExecStart=\nExecStart=/bin/false\nRestartSec=10ms\n' >"/etc/systemd/system/$UNIT.d/broken.conf"
	unit=$(systemd-escape --template=$UNIT pattern)
	systemctl daemon-reload
	systemctl start "$unit"
	for _ in {1..300}; do
		state=$(systemctl is-failed "$unit") && break
		sleep 0.1
	done
	rm "/etc/systemd/system/$UNIT.d/broken.conf"
	[[ $state = failed ]]
}

if [[ -d /run/systemd/system ]]; then
	check share-unit share_drill
	check broken-unit broken_unit
	check cage-unit cage_drill
	check weston-unit weston_drill
	check session-unit user_drill
fi

check purge dpkg --purge guestplane
