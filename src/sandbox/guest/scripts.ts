/** The scripts inside the demo guest. Its whole user land is busybox. */

/** What the guest prints on its console once its application runs. */
export const bootMarker = "NOVACRON-GUEST-READY";
/** The port its application answers on. */
export const guestPort = 8080;

/** In the initramfs: load the drivers that are there, find the root disk by its label, hand over. */
export const initScript = `#!/bin/sh
mount -t proc proc /proc; mount -t sysfs sysfs /sys; mount -t devtmpfs dev /dev
while read -r module; do insmod "/modules/$module" 2>/dev/null; done < /modules/order
tries=0
until root=$(findfs LABEL=guestroot 2>/dev/null); do
  tries=$((tries + 1))
  if [ "$tries" -gt 100 ]; then
    echo "NOVACRON-GUEST-FAILED no root disk: its controller's driver may be missing from the initramfs. Dropping to a shell!"
    exec sh
  fi
  sleep 0.1
done
mount -t ext4 -o rw "$root" /new || { echo "NOVACRON-GUEST-FAILED cannot mount $root. Dropping to a shell!"; exec sh; }
for tree in dev proc sys; do mount --move /$tree /new/$tree; done
exec switch_root /new /sbin/init
`;

const inittab = `::sysinit:/etc/rc
::ctrlaltdel:/sbin/reboot
::shutdown:/etc/rc.shutdown
`;

/** A prompt as of any Debian comes first: plans wait for it at VMs that nobody gave a marker, such as those made from an image. */
const rc = `#!/bin/sh
export PATH=/bin:/sbin
mount -t tmpfs tmpfs /run
hostname -F /etc/hostname
acpid -d >/dev/null 2>&1 &
ip link set lo up
for device in /sys/class/net/*; do
  device=\${device##*/}
  [ "$device" = lo ] && continue
  ip link set "$device" up
  udhcpc -i "$device" -n -q -t 8 -T 1 -s /etc/udhcpc.script >/dev/null 2>&1
done
[ -x /usr/sbin/qemu-ga ] && /etc/guest-agent
/app/journal.sh & echo $! > /run/journal.pid
httpd -p ${guestPort} -h /app/www
root=$(awk '$2 == "/" { print $1 }' /proc/mounts)
echo "$(hostname) login: (nobody can log in here)" > /dev/console
echo "${bootMarker} host=$(hostname) root=$root uptime=$(cut -d' ' -f1 /proc/uptime)" > /dev/console
`;

/** udev would make these names. */
const guestAgent = `#!/bin/sh
mkdir -p /dev/virtio-ports
for port in /sys/class/virtio-ports/*; do
  ln -sf "/dev/\${port##*/}" "/dev/virtio-ports/$(cat "$port/name")"
done
exec /usr/sbin/qemu-ga -d -m virtio-serial -p /dev/virtio-ports/org.qemu.guest_agent.0 -t /run -f /run/qemu-ga.pid
`;

const rcShutdown = `#!/bin/sh
kill "$(cat /run/journal.pid)" 2>/dev/null
sync
umount -a -r 2>/dev/null
`;

const dhcp = `#!/bin/sh
[ "$1" = bound ] || [ "$1" = renew ] || exit 0
ip addr flush dev "$interface"
ip addr add "$ip/\${mask:-24}" dev "$interface"
[ -n "$router" ] && ip route replace default via "\${router%% *}"
`;

/** The application: each line is number, time and the hash over them and the line before; made durable one by one. */
const journal = `#!/bin/sh
file=/app/data/journal.log
last=$(tail -n 1 $file 2>/dev/null)
number=$(echo "$last" | cut -d' ' -f1); number=\${number:-0}
link=$(echo "$last" | cut -d' ' -f3)
while :; do
  number=$((number + 1)); at=$(date +%s)
  link=$(echo "$number $at $link" | sha256sum | cut -c1-16)
  echo "$number $at $link" >> $file
  sync
  sleep 0.5
done
`;

const state = `#!/bin/sh
printf 'Content-Type: application/json\\r\\n\\r\\n'
last=$(tail -n 1 /app/data/journal.log)
printf '{"host":"%s","boot_id":"%s","uptime_seconds":%s,"journal_last":"%s"}\\n' \\
  "$(hostname)" "$(cat /proc/sys/kernel/random/boot_id)" "$(cut -d' ' -f1 /proc/uptime)" "$last"
`;

const journalPage = `#!/bin/sh
printf 'Content-Type: text/plain\\r\\n\\r\\n'
cat /app/data/journal.log
`;

const payloadPage = `#!/bin/sh
printf 'Content-Type: text/plain\\r\\n\\r\\n'
sha256sum /app/data/payload.bin
`;

/** ?N rewrites N MiB with fresh random bytes and answers with their hash. */
const dirtyPage = `#!/bin/sh
printf 'Content-Type: text/plain\\r\\n\\r\\n'
dd if=/dev/urandom of=/app/data/dirty.bin bs=1M count="\${QUERY_STRING:-4}" conv=notrunc,fsync 2>/dev/null
sha256sum /app/data/dirty.bin
`;

/** ?HOST:PORT asks there, and says whether anybody answered. */
const reachPage = `#!/bin/sh
printf 'Content-Type: text/plain\\r\\n\\r\\n'
ask() { printf 'GET / HTTP/1.0\\r\\n\\r\\n' | nc -w 3 "\${QUERY_STRING%:*}" "\${QUERY_STRING##*:}" 2>/dev/null; }
if ask | grep -q .; then echo reached; else echo nobody; fi
`;

/** busybox's acpid runs this when the power button is pressed. Its init would wait a second for every process to end;
 *  there is only the journal to end, and the file system to close. */
const powerButton = `#!/bin/sh
read -r journal < /run/journal.pid && kill "$journal"
sync
mount -o remount,ro /
exec /bin/busybox poweroff -f -n
`;

/** Path in the guest → executable script. */
export const scripts: Readonly<Record<string, string>> = {
  "etc/rc": rc,
  "etc/guest-agent": guestAgent,
  "etc/rc.shutdown": rcShutdown,
  "etc/udhcpc.script": dhcp,
  "etc/acpi/PWRF/00000080": powerButton,
  "app/journal.sh": journal,
  "app/www/cgi-bin/state": state,
  "app/www/cgi-bin/journal": journalPage,
  "app/www/cgi-bin/payload": payloadPage,
  "app/www/cgi-bin/dirty": dirtyPage,
  "app/www/cgi-bin/reach": reachPage,
};

/** Path in the guest → plain file. */
export function configFiles(
  hostname: string,
  kernelRelease: string,
  kernelOptions: string,
): Readonly<Record<string, string>> {
  return {
    "etc/inittab": inittab,
    "etc/hostname": `${hostname}\n`,
    "etc/hosts": `127.0.0.1 localhost ${hostname}\n`,
    "etc/os-release": osRelease,
    "etc/passwd": "root:x:0:0:root:/root:/bin/sh\n",
    "etc/group": "root:x:0:\n",
    "etc/fstab": "LABEL=guestroot / ext4 defaults 0 1\n",
    "boot/grub/grub.cfg": grubConfig(kernelRelease, kernelOptions),
  };
}

const osRelease = `ID=novacron-guest
NAME="NovaCron demo guest"
PRETTY_NAME="NovaCron demo guest (busybox)"
`;

function grubConfig(release: string, options: string): string {
  return `serial --unit=0 --speed=115200
terminal_output serial
search --label guestroot --set=root
linux /boot/vmlinuz-${release} root=LABEL=guestroot console=ttyS0,115200 quiet net.ifnames=0 panic=5 ${options}
initrd /boot/initrd.img-${release}
boot
`;
}

/** Inside GRUB's core image: find the disk with our label and go on with its configuration. */
export const grubEarlyConfig = `search --label guestroot --set=root
set prefix=($root)/boot/grub
configfile $prefix/grub.cfg
`;
