package process

import (
	"bufio"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// listening is the state of a socket that takes connections, in /proc/net/tcp.
const listening = "0A"

// Listeners are the TCP addresses that processes listen on, sorted, as the
// kernel tells: in /proc/net/tcp and tcp6, by the sockets that each process holds.
func Listeners(ids ...int) ([]netip.AddrPort, error) {
	held := map[string]bool{}
	for _, id := range ids {
		files, err := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", id))
		if err != nil {
			return nil, err
		}
		if len(files) == 0 {
			return nil, fmt.Errorf("process %d: is not running, or its files cannot be seen", id)
		}
		for _, file := range files {
			// A file that was closed meanwhile is no listener.
			target, _ := os.Readlink(file)
			if inode, ok := strings.CutPrefix(target, "socket:["); ok {
				held[strings.TrimSuffix(inode, "]")] = true
			}
		}
	}
	var all []netip.AddrPort
	for _, table := range []string{"/proc/net/tcp", "/proc/net/tcp6"} {
		file, err := os.Open(table)
		if os.IsNotExist(err) {
			// A kernel without IPv6.
			continue
		}
		if err != nil {
			return nil, err
		}
		defer file.Close()
		rows := bufio.NewScanner(file)
		for rows.Scan() {
			// sl local_address rem_address st tx:rx tr:when retrnsmt uid timeout inode
			fields := strings.Fields(rows.Text())
			if len(fields) < 10 || fields[3] != listening || !held[fields[9]] {
				continue
			}
			address, err := socketAddress(fields[1])
			if err != nil {
				return nil, fmt.Errorf("%s: %w", table, err)
			}
			all = append(all, address)
		}
		if err := rows.Err(); err != nil {
			return nil, err
		}
	}
	slices.SortFunc(all, netip.AddrPort.Compare)
	return slices.Compact(all), nil
}

// socketAddress reads an address of /proc/net/tcp: groups of four bytes in the
// machine's order, a colon, the port.
func socketAddress(text string) (netip.AddrPort, error) {
	host, port, _ := strings.Cut(text, ":")
	data, err := hex.DecodeString(host)
	if err != nil || len(data)%4 != 0 {
		return netip.AddrPort{}, fmt.Errorf("address %q: not understood", text)
	}
	for group := range slices.Chunk(data, 4) {
		binary.BigEndian.PutUint32(group, binary.NativeEndian.Uint32(group))
	}
	address, ok := netip.AddrFromSlice(data)
	number, err := strconv.ParseUint(port, 16, 16)
	if !ok || err != nil {
		return netip.AddrPort{}, fmt.Errorf("address %q: not understood", text)
	}
	return netip.AddrPortFrom(address.Unmap(), uint16(number)), nil
}
