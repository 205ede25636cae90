import { BlockList, isIP } from 'node:net'

const loopback = new BlockList()
loopback.addSubnet('127.0.0.0', 8)
loopback.addAddress('::1', 'ipv6')

/** Special-purpose addresses, after RFC 6890. The delivery itself checks again, whatever a name resolves to. */
const privateRanges = new BlockList()
for (const [net, bits] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
] as const) {
  privateRanges.addSubnet(net, bits)
}
privateRanges.addSubnet('fc00::', 7, 'ipv6')
privateRanges.addSubnet('fe80::', 10, 'ipv6')
privateRanges.addAddress('::', 'ipv6')

/** Whether a webhook URL names an address that no request may leave for: told early, so that nobody waits for deliveries. */
export function isForbiddenTarget(url: string, allowLoopback: boolean): boolean {
  const host = new URL(url).hostname.replace(/^\[|\]$|\.$/g, '')
  if (host === 'localhost' || host.endsWith('.localhost')) return !allowLoopback
  const family = isIP(host)
  if (!family) return false
  const type = family === 6 ? 'ipv6' : 'ipv4'
  return loopback.check(host, type) ? !allowLoopback : privateRanges.check(host, type)
}
