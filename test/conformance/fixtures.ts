import {
  acceptedContent,
  type CallToolResult,
  CLIENT_CAPABILITIES_META_KEY,
  completable,
  createRequestStateCodec,
  type InputRequest,
  type InputRequiredResult,
  inputRequired,
  McpServer,
  ResourceTemplate,
  type ServerContext,
} from '@modelcontextprotocol/server'
import { z } from 'zod'

/**
 * The server that the conformance suite expects: tools, resources and prompts whose names and answers each of its scenarios
 * prescribes. It is only ever mounted by the tests beside it, behind the routes of the real one.
 */

// One pixel, and a WAV without samples.
const PNG = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg=='
const WAV = 'UklGRiQAAABXQVZFZm10IBAAAAABAAEAQB8AAEAfAAABAAgAZGF0YQAAAAA='

const hint = { ttlMs: 1000, cacheScope: 'public' } as const
const states = createRequestStateCodec<string>({ key: 'the conformance suite needs no secret' })

type Answer = CallToolResult | InputRequiredResult
type Content = CallToolResult['content'][number]

const text = (value: string): Content => ({ type: 'text', text: value })
const image: Content = { type: 'image', data: PNG, mimeType: 'image/png' }
const content = (...parts: Content[]): CallToolResult => ({ content: parts })
const soon = () => new Promise((resolve) => setTimeout(resolve, 20))

const ask = (message: string, field: string): InputRequest =>
  inputRequired.elicit({
    message,
    requestedSchema: { type: 'object', properties: { [field]: { type: 'string' } }, required: [field] },
  })

const confirm: InputRequest = inputRequired.elicit({
  message: 'Please confirm',
  requestedSchema: { type: 'object', properties: { ok: { type: 'boolean' } }, required: ['ok'] },
})

const sample = (words: string, maxTokens: number): InputRequest =>
  inputRequired.createMessage({ messages: [{ role: 'user', content: { type: 'text', text: words } }], maxTokens })

/** Asks until every key was answered; extra answers are not looked at. */
async function needing(
  context: ServerContext,
  requests: Record<string, InputRequest>,
  done: (answers: Record<string, unknown>) => Answer | Promise<Answer>,
  state?: string,
): Promise<Answer> {
  const { inputResponses: answers = {} } = context.mcpReq
  if (Object.keys(requests).every((key) => isAnswer(answers[key]))) return done(answers)
  const requestState = state === undefined ? {} : { requestState: await states.mint(state) }
  return inputRequired({ inputRequests: requests, ...requestState })
}

const isAnswer = (value: unknown) =>
  typeof value === 'object' && value !== null && ('action' in value || 'roots' in value || 'role' in value)

const tools: Record<string, (context: ServerContext) => Answer | Promise<Answer>> = {
  test_simple_text: () => content(text('This is a simple text response for testing.')),
  test_image_content: () => content(image),
  test_audio_content: () => content({ type: 'audio', data: WAV, mimeType: 'audio/wav' }),
  test_embedded_resource: () =>
    content({
      type: 'resource',
      resource: {
        uri: 'test://embedded-resource',
        mimeType: 'text/plain',
        text: 'This is an embedded resource content.',
      },
    }),
  test_multiple_content_types: () => {
    const json = { uri: 'test://mixed-content-resource', mimeType: 'application/json' }
    const resource = { ...json, text: JSON.stringify({ test: 'data', value: 123 }) }
    return content(text('Multiple content types test:'), image, { type: 'resource', resource })
  },
  test_error_handling: () => {
    throw new Error('This tool intentionally returns an error for testing')
  },
  test_tool_with_logging: async ({ mcpReq }) => {
    for (const said of ['started', 'processing data', 'completed']) {
      await mcpReq.log('info', said === 'processing data' ? `Tool ${said}` : `Tool execution ${said}`)
      await soon()
    }
    return content(text('Logged.'))
  },
  test_logging_tool: async ({ mcpReq }) => {
    await mcpReq.log('info', 'A line for whoever asked for one.')
    return content(text('Logged.'))
  },
  test_tool_with_progress: async ({ mcpReq }) => {
    const progressToken = mcpReq._meta?.progressToken
    for (const progress of [0, 50, 100]) {
      if (progressToken !== undefined) {
        await mcpReq.notify({ method: 'notifications/progress', params: { progressToken, progress, total: 100 } })
      }
      await soon()
    }
    return content(text('Done.'))
  },
  test_missing_capability: (context) =>
    needing(context, { sampled: sample('Anything', 10) }, () => content(text('Sampled.'))),
  test_streaming_elicitation: (context) =>
    needing(context, { user_name: ask('What is your name?', 'name') }, () => content(text('Asked.'))),
  test_input_required_result_elicitation: (context) =>
    needing(context, { user_name: ask('What is your name?', 'name') }, (answers) =>
      content(text(`Hello, ${acceptedContent(answers, 'user_name')?.name}!`)),
    ),
  test_input_required_result_sampling: (context) =>
    needing(context, { capital_question: sample('What is the capital of France?', 100) }, (answers) =>
      content(text(JSON.stringify(answers.capital_question))),
    ),
  test_input_required_result_list_roots: (context) =>
    needing(context, { client_roots: inputRequired.listRoots() }, (answers) =>
      content(text(JSON.stringify(answers.client_roots))),
    ),
  test_input_required_result_request_state: (context) =>
    needing(
      context,
      { confirm },
      () => content(text(context.mcpReq.requestState() === 'asked' ? 'state-ok' : 'no state')),
      'asked',
    ),
  test_input_required_result_tampered_state: (context) =>
    needing(context, { confirm }, () => content(text('Unchanged.')), 'untampered'),
  test_input_required_result_multiple_inputs: (context) => {
    const requests = {
      user_name: ask('What is your name?', 'name'),
      greeting: sample('Generate a greeting', 50),
      client_roots: inputRequired.listRoots(),
    }
    return needing(context, requests, (answers) => content(text(JSON.stringify(answers))), 'several')
  },
  test_input_required_result_multi_round: async (context) => {
    const state = context.mcpReq.requestState()
    const second = state === 'step1' || state === 'step2'
    const requests: Record<string, InputRequest> = second
      ? { step2: ask('Step 2: What is your favorite color?', 'color') }
      : { step1: ask('Step 1: What is your name?', 'name') }
    return needing(context, requests, () => content(text('Both steps are done.')), second ? 'step2' : 'step1')
  },
  test_input_required_result_capabilities: (context) => {
    const { envelope } = context.mcpReq as { envelope?: Record<string, object> }
    const able = envelope?.[CLIENT_CAPABILITIES_META_KEY] ?? {}
    const requests: Record<string, InputRequest> = {
      ...('elicitation' in able ? { name: ask('What is your name?', 'name') } : {}),
      ...('sampling' in able ? { greeting: sample('Generate a greeting', 50) } : {}),
    }
    return needing(context, requests, () => content(text('Asked what could be asked.')))
  },
}

/** A server of one request, as `createMcpHandler` wants one. */
export function fixtureServer(): McpServer {
  const server = new McpServer(
    { name: 'talkif-conformance', version: '1.0.0' },
    {
      capabilities: {
        tools: { listChanged: false },
        prompts: { listChanged: false },
        resources: { listChanged: false, subscribe: true },
        logging: {},
        completions: {},
      },
      cacheHints: {
        'tools/list': hint,
        'prompts/list': hint,
        'resources/list': hint,
        'resources/templates/list': hint,
        'resources/read': hint,
      },
      requestState: { verify: (state, context) => states.verify(state, context) },
    },
  )
  for (const [name, run] of Object.entries(tools)) {
    const description = `Does what the scenario of ${name} prescribes.`
    server.registerTool(name, { description, inputSchema: z.object({}) }, (_, context) => run(context))
  }
  registerResources(server)
  registerPrompts(server)
  return server
}

function registerResources(server: McpServer): void {
  const plain = { description: 'A text that never changes.', mimeType: 'text/plain' }
  server.registerResource('static-text', 'test://static-text', plain, ({ href: uri }) => ({
    contents: [{ uri, mimeType: 'text/plain', text: 'This is the content of the static text resource.' }],
  }))
  const binary = { description: 'One pixel.', mimeType: 'image/png' }
  server.registerResource('static-binary', 'test://static-binary', binary, ({ href: uri }) => ({
    contents: [{ uri, mimeType: 'image/png', blob: PNG }],
  }))
  const watched = { description: 'May be subscribed to.', mimeType: 'text/plain' }
  server.registerResource('watched', 'test://watched-resource', watched, ({ href: uri }) => ({
    contents: [{ uri, mimeType: 'text/plain', text: 'Watched.' }],
  }))
  const template = new ResourceTemplate('test://template/{id}/data', { list: undefined })
  const json = { description: 'Data of an id.', mimeType: 'application/json' }
  server.registerResource('template', template, json, ({ href: uri }, { id }) => {
    const data = { id, templateTest: true, data: `Data for ID: ${id}` }
    return { contents: [{ uri, mimeType: 'application/json', text: JSON.stringify(data) }] }
  })
  server.server.setRequestHandler('resources/subscribe', () => ({}))
  server.server.setRequestHandler('resources/unsubscribe', () => ({}))
}

function registerPrompts(server: McpServer): void {
  const user = (...parts: Content[]) => ({ messages: parts.map((part) => ({ role: 'user' as const, content: part })) })
  server.registerPrompt('test_simple_prompt', { description: 'Without arguments.' }, () =>
    user(text('This is a simple prompt for testing.')),
  )
  const two = z.object({
    arg1: completable(z.string(), (value) => ['paris', 'park', 'party'].filter((it) => it.startsWith(value))),
    arg2: z.string(),
  })
  const withTwo = { description: 'With two arguments.', argsSchema: two }
  server.registerPrompt('test_prompt_with_arguments', withTwo, ({ arg1, arg2 }) =>
    user(text(`Prompt with arguments: arg1='${arg1}', arg2='${arg2}'`)),
  )
  const withUri = { description: 'With a resource.', argsSchema: z.object({ resourceUri: z.string() }) }
  server.registerPrompt('test_prompt_with_embedded_resource', withUri, ({ resourceUri: uri }) => {
    const resource = { uri, mimeType: 'text/plain', text: 'Embedded resource content for testing.' }
    return user({ type: 'resource', resource }, text('Please process the embedded resource above.'))
  })
  server.registerPrompt('test_prompt_with_image', { description: 'With an image.' }, () =>
    user(image, text('Please analyze the image above.')),
  )
  const asking = { description: 'Asks the user first.' }
  server.registerPrompt('test_input_required_result_prompt', asking, ({ mcpReq }) => {
    const given = acceptedContent(mcpReq.inputResponses, 'user_context')
    if (given) return user(text(`In the context of ${given.context}.`))
    return inputRequired({
      inputRequests: { user_context: ask('What context should the prompt use?', 'context') },
    })
  })
}
