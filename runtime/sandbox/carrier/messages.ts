import { strikes } from '../chaos.ts'
import { keep } from '../violations.ts'
import type { Network } from './call.ts'
import { type Message, type MessageRecord, messageResource, startMessage } from './message.ts'
import { type CreateMessage, parseMessage } from './message-parameters.ts'
import { knownFilters, pageOf, within } from './paging.ts'
import { RestFault, ToldToRefuse } from './parameters.ts'

/** The Messages resource of the sandbox's carrier: https://www.twilio.com/docs/messaging/api/message-resource */
export interface Messages {
  /** @throws {RestFault} */
  create(form: URLSearchParams, waits: number): object
  /** Undefined when there is none. */
  fetch(sid: string): object | undefined
  /** @throws {RestFault} on a filter that is not documented */
  list(url: URL): object
  close(): void
}

const MESSAGES_MAX = 10_000
/** https://www.twilio.com/docs/whatsapp/key-concepts#the-24-hour-customer-service-window */
const WINDOW_MS = 86_400_000
const times = ['DateSent', 'DateSent<', 'DateSent>']

/** @param record every message of either direction, oldest first. */
export function createMessages(network: Network, account: string, record: MessageRecord[]): Messages {
  const running = new Map<string, Message>()

  /** The sandbox's people start over with each lead, so the carrier keeps no list of those who wrote STOP. */
  function refuse(): void {
    const { messages: chaos } = network.chaos
    if (!chaos?.refuse || !strikes(chaos)) return
    if (chaos.refuse === 429) throw new RestFault(429, 20429, 'Too Many Requests')
    if (chaos.refuse === 500) throw new RestFault(500, 20500, 'Internal Server Error')
    throw new ToldToRefuse(400, chaos.refuse, 'The sandbox was told to refuse.')
  }

  const isOpen = ({ to, from }: CreateMessage) =>
    record.some(
      (it) =>
        it.direction === 'inbound' &&
        it.from === to &&
        it.to === from &&
        it.createdAt > network.clock.now() - WINDOW_MS,
    )

  return {
    create(form, waits) {
      const request = parseMessage(form)
      refuse()
      const received = (it: MessageRecord) => keep(record, it)
      const message = startMessage(network, { account, request, isOpen: isOpen(request), waits, received })
      running.set(message.record.sid, message)
      if (running.size > MESSAGES_MAX) running.delete(running.keys().next().value!)
      keep(record, message.record)
      network.log({ event: 'message', ...message.record })
      return messageResource(message.record)
    },
    fetch(sid) {
      const found = record.find((it) => it.sid === sid)
      return found && messageResource(found)
    },
    list(url) {
      const query = url.searchParams
      knownFilters(query, ['To', 'From', ...times])
      const found = record
        .filter(({ to }) => !query.has('To') || to === query.get('To'))
        .filter(({ from }) => !query.has('From') || from === query.get('From'))
        .filter(({ sentAt }) => times.every((name) => within(query, name, sentAt)))
        .reverse()
      return pageOf('messages', found, url, messageResource)
    },
    close() {
      for (const message of running.values()) message.drop()
    },
  }
}
