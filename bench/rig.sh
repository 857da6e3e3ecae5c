#!/bin/bash
# In user-mode Linux, for bench/run: the C client and guestplane on sway/vkms, their udmabufs scanned out; and a vGPU (mbochs)
# flipped at 60 Hz. Leaves rig.md in the share.
. /rig/guestplane.sh
. /rig/share.sh
OUT=$SHARE CLIENT=$SHARE/client
. /share/pair.sh

readonly ROUNDS=5 VGPU_ROUNDS=2

# Full screen in a mode of its size nothing is scaled, so that nothing is composited: the host's part is the same, too.
mode() { swaymsg -q "output * mode --custom $1" && sleep 1; }

# cells WHO: medians of those runs, as table cells.
cells() {
	local field

	for field in presented zeroCopy discarded coalesced; do
		printf ' %s |' "$(medians pair "$ROUNDS" "$field" "$1")"
	done
	for field in flipToCommitNs.p99 commitToPresentedNs.p50 commitToPresentedNs.p99; do
		printf ' %s |' "$(over "$(medians pair "$ROUNDS" "$field" "$1")" 1000000 1)"
	done
}

pattern_pairs() {
	local who size

	# 59: both then meet each phase of the vblank ten times, or where a timer happens to begin is what is compared.
	pairs pair 1024x768 59 600 "$ROUNDS"
	echo "| of 600 flips, 59 a second | presented | zero-copy | discarded | coalesced | f2c p99, ms | c2p p50, ms | c2p p99, ms |"
	echo "|---|---|---|---|---|---|---|---|"
	echo "| C client |$(cells client)"
	echo "| guestplane |$(cells guestplane)"
	for size in 640x480 3840x2160; do
		mode "$size"
		pairs "$size" "$size" 60 360 "$ROUNDS"
	done
	echo
	echo "| scanned out | CPU per flip, C client, µs | guestplane | ratio | zero-copy of 360 |"
	echo "|---|---|---|---|---|"
	for size in 640x480 3840x2160; do
		set -- "$(medians "$size" "$ROUNDS" cpuNsPerFlip client)" "$(medians "$size" "$ROUNDS" cpuNsPerFlip guestplane)"
		echo "| $size | $(over "$1" 1000 0) | $(over "$2" 1000 0) | $(ratios "$size" "$ROUNDS" cpuNsPerFlip) | $(medians "$size" "$ROUNDS" zeroCopy guestplane) |"
	done
	echo
	echo "RSS, anonymous, the guest's, KiB, one head of 3840x2160: $(memory guestplane 3840x2160) (C client: $(memory client 3840x2160))"
	mode 1024x768
	for who in client guestplane; do
		echo "System calls per flip, $who: $(calls "$who" 1024x768 60): $(calls_by_name "$who")"
	done
}

# asked FLIPS: guestplane as the vGPU's viewer, and each of its system calls counted.
asked() {
	"$DRIVER" --uuid "$MBOCHS_UUID" --then-exec 3 mode=1024x768 wait=1500 flip=60,1500 hold -- \
		$COUNT_CALLS -o "$OUT/calls-asked-$1" \
		"$GUESTPLANE" show fd:3 --fullscreen --frames "$1" --report "$OUT/asked.json" >"$OUT/asked.driver" 2>"$OUT/asked.err"
}

# vgpu_line NAME: its report, in words.
vgpu_line() {
	local report=$OUT/$1.json

	echo "presented $(number "$report" presented), zero-copy $(number "$report" zeroCopy)," \
		"discarded $(number "$report" discarded), coalesced $(number "$report" coalesced), missed $(number "$report" missed);" \
		"f2c p50 $(over "$(number "$report" flipToCommitNs.p50)" 1000000 2), p99 $(over "$(number "$report" flipToCommitNs.p99)" 1000000 2) ms," \
		"c2p p50 $(over "$(number "$report" commitToPresentedNs.p50)" 1000000 1)," \
		"p99 $(over "$(number "$report" commitToPresentedNs.p99)" 1000000 1) ms; CPU per flip $(over "$(number "$report" cpuNsPerFlip)" 1000 0) µs"
}

# vgpu_shared NAME: 720 flips through guestplane share. Prints what share itself ran per flip, µs.
vgpu_shared() {
	local before

	share_start "$1-server" "vfio:$MBOCHS_UUID"
	"$DRIVER" --pid "$SHARE_PID" mode=1024x768 >/dev/null
	viewer_start "$1" --fullscreen >&2
	before=$(run_ns "$SHARE_PID")
	"$DRIVER" --pid "$SHARE_PID" mode=1024x768 wait=1500 flip=60,720 >/dev/null
	over $(($(run_ns "$SHARE_PID") - before)) 720000 0
	viewer_end "$1" stop >&2
	share_stop
}

vgpu() {
	local total=() flips round share

	for ((round = 1; round <= VGPU_ROUNDS; round++)); do
		flip_600 "vgpu-$round"
		share=$(vgpu_shared "shared-$round")
		echo
		echo "vGPU at 60 Hz, 720 flips: $(vgpu_line "vgpu-$round")"
		echo "The same by guestplane share: $(vgpu_line "shared-$round"), and share's own $share µs"
	done
	for flips in "$SHORT" "$LONG"; do
		asked "$flips"
		total+=("$(awk '$2 == "total" { print $1 }' "$OUT/calls-asked-$flips")")
	done
	echo "System calls per flip, asked: $(over $((total[1] - total[0])) $((LONG - SHORT)) 2): $(calls_by_name asked)"
}

udev_start
load_vkms
load_mbochs patched
on sway-vkms pattern_pairs >"$OUT/rig.md"
on sway-vkms vgpu >>"$OUT/rig.md"
