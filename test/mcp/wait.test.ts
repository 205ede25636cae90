import { describe, expect } from 'vitest'
import { test as idle, lead, somebody } from '../api/desk.ts'
import { people, test } from '../harness/talkif.ts'
import { call, connect } from './agents.ts'

const eras = ['2026-07-28', '2025-11-25'] as const

describe.for(eras)('an agent of %s that waits', (era) => {
  test.concurrent('hears of the progress, and then the outcome with its transcript', async ({ talkif }) => {
    const agent = await connect(era, talkif)
    const { body } = await call(agent, 'create_lead', { ...lead, phone: people.books })
    const heard: { progress: number; total?: number; message?: string }[] = []
    const input = { id: body!.call_id, wait: 60, include: ['transcript'] }
    const answer = await agent.callTool(
      { name: 'get_call', arguments: input },
      { onprogress: (progress) => void heard.push(progress) },
    )
    expect(answer.structuredContent).toMatchObject({ status: 'completed', outcome: 'booked', qualified: true })
    expect((answer.structuredContent as { transcript: unknown[] }).transcript.length).toBeGreaterThan(2)
    expect(heard[0]).toMatchObject({ progress: 0, total: 60, message: expect.stringMatching(/^[a-z_]+$/) })
    const told = heard.map(({ progress }) => progress)
    expect(told).toEqual([...new Set(told)].toSorted((a, b) => a - b))
  })

  idle.concurrent('is answered as the call stands when the time is over', async ({ desk }) => {
    const agent = await connect(era, desk)
    const { body } = await call(agent, 'create_lead', { ...lead, phone: somebody() })
    const heard: number[] = []
    const answer = await agent.callTool(
      { name: 'get_call', arguments: { id: body!.call_id, wait: 3 } },
      { onprogress: ({ progress }) => void heard.push(progress) },
    )
    expect(answer.structuredContent).toMatchObject({ status: 'queued' })
    expect(heard).toEqual([0, 2])
  })

  idle('is told of a wait that is too long, also when it wants progress', async ({ desk }) => {
    const agent = await connect(era, desk)
    const { body } = await call(agent, 'create_lead', { ...lead, phone: somebody() })
    const answer = await agent.callTool(
      { name: 'get_call', arguments: { id: body!.call_id, wait: 61 } },
      { onprogress: () => {} },
    )
    expect(answer.isError).toBe(true)
  })

  idle('is waited for no longer when it goes away', async ({ desk, served }) => {
    const agent = await connect(era, desk)
    const { body } = await call(agent, 'create_lead', { ...lead, phone: somebody() })
    const { callChanges } = served.runtime
    const { next } = callChanges
    const gone = new AbortController()
    const released = new Promise<void>((resolve) => {
      callChanges.next = async (callId, _, signal) => {
        callChanges.next = next
        const woken = next(callId, 60_000, signal)
        // A 2025 agent cancels by message, which reaches no stateless server; closing its connection does.
        if (era === '2026-07-28') gone.abort()
        else await agent.close()
        await woken
        resolve()
      }
    })
    const waiting = agent.callTool(
      { name: 'get_call', arguments: { id: body!.call_id, wait: 60 } },
      { signal: gone.signal },
    )
    await expect(waiting).rejects.toThrow()
    await released
  })
})
