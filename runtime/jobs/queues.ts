/** Every kind of job: what it carries. Handlers are listed in `runtime.ts`, so that any room may send without knowing who works. */
export interface Jobs {
  /** Ring the person of a call, if it may ring now. */
  dial: {
    callId: string
    /** The dial has its turn at the carrier, which takes only so many calls a second. */
    hasTurn?: boolean
  }
  /** Find out what became of a dial whose end nobody reported. */
  reconcile: { attemptId: string }
  /** Look after a warm transfer until everybody has hung up. */
  transfer: { transferId: string }
  /** Decide what an ended attempt means. */
  settle: { attemptId: string }
  /** Send a text, or find out what became of one. */
  message: { messageId: string }
  /** One delivery try of one event to one endpoint. */
  deliver: { deliveryId: string; try: number }
  /** The same for an endpoint that fails or is slow: its late answers hold up nobody else's webhooks. */
  deliver_failing: { deliveryId: string; try: number }
  /** Take an appointment that nobody agreed to out of its calendar. */
  unbook: { bookingId: string }
  /** Once a minute: finds what crashed processes left behind. */
  sweep: Record<string, never>
}

export type JobName = keyof Jobs

interface QueueSettings {
  /**
   * Workers a process, and how many jobs each takes at once. A notification wakes every worker of its queue, and each asks the
   * database; a worker waits for the slowest of its batch before it takes the next.
   */
  workers: number
  batch: number
  /** Of the jobs for one thing (a call, an attempt, a message) only one waits; a second send is dropped. */
  onePer?: 'callId' | 'attemptId' | 'messageId' | 'bookingId' | 'transferId'
  /**
   * How often a job that fails is tried again, where the sweep sends the next one: one that waits for another try does not keep a
   * second from being sent. Otherwise for about eight hours.
   */
  retries?: number
}

export const queues: Record<JobName, QueueSettings> = {
  // Dials of a batch are claimed in one transaction. Larger ones are no quicker, and bring more calls of a rush to one process.
  dial: { workers: 2, batch: 30, onePer: 'callId' },
  reconcile: { workers: 2, batch: 20, onePer: 'attemptId' },
  transfer: { workers: 1, batch: 10, onePer: 'transferId' },
  settle: { workers: 1, batch: 20, onePer: 'attemptId' },
  message: { workers: 1, batch: 20, onePer: 'messageId' },
  deliver: { workers: 3, batch: 10 },
  deliver_failing: { workers: 1, batch: 30 },
  unbook: { workers: 1, batch: 10, onePer: 'bookingId', retries: 3 },
  sweep: { workers: 1, batch: 1 },
}
