import type { Config } from '../../runtime/config.ts'
import { asked, type Finding, fail, ok } from './finding.ts'

const REACH = 'Check the network, proxies and firewalls between here and there.'

/** What live calls need: carrier, engine, and the way back to us. Test calls need none of it. */
export async function vendors({ twilio, openai, publicUrl }: Config): Promise<Finding[]> {
  if (!twilio)
    return [ok('carrier', 'none set: test calls alone; TWILIO_ACCOUNT_SID and others make live ones possible')]
  return Promise.all([carrier(twilio), ...(openai ? [engine(openai)] : []), wayBack(publicUrl)])
}

/** @see https://www.twilio.com/docs/iam/api/account (fetch an account) */
async function carrier({ accountSid, authToken, baseUrl }: NonNullable<Config['twilio']>): Promise<Finding> {
  const base = baseUrl ?? 'https://api.twilio.com'
  const authorization = `Basic ${Buffer.from(`${accountSid}:${authToken}`).toString('base64')}`
  const response = await asked(`${base}/2010-04-01/Accounts/${accountSid}.json`, { authorization })
  if (!response) return fail('carrier', `${base} cannot be reached`, REACH)
  if (response.status === 401)
    return fail('carrier', 'Twilio refuses the credentials', 'Mend TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN.')
  if (!response.ok)
    return fail('carrier', `Twilio answered ${response.status}`, 'See https://status.twilio.com, then try again.')
  const { status } = (await response.json().catch(() => ({}))) as { status?: string }
  return status === undefined || status === 'active'
    ? ok('carrier', `Twilio account ${accountSid.slice(0, 6)}… answers`)
    : fail('carrier', `the Twilio account is ${status}`, 'Make it active again in the console of Twilio.')
}

/** @see https://platform.openai.com/docs/api-reference/models/retrieve */
async function engine({ apiKey, baseUrl, model }: NonNullable<Config['openai']>): Promise<Finding> {
  const base = baseUrl ?? 'https://api.openai.com/v1'
  const response = await asked(`${base}/models/${model}`, { authorization: `Bearer ${apiKey}` })
  if (!response) return fail('engine', `${base} cannot be reached`, REACH)
  if (response.status === 401) return fail('engine', 'OpenAI refuses the key', 'Mend OPENAI_API_KEY.')
  if (response.status === 404)
    return fail('engine', `this key has no model ${model}`, 'Set OPENAI_REALTIME_MODEL to one that it has.')
  if (!response.ok)
    return fail('engine', `OpenAI answered ${response.status}`, 'See https://status.openai.com, then try again.')
  return ok('engine', `OpenAI answers, with ${model}`)
}

/** The carrier's callbacks and media come to PUBLIC_URL, over TLS. */
async function wayBack(url: string): Promise<Finding> {
  if (!url.startsWith('https://'))
    return fail(
      'public URL',
      `${url} is not https`,
      'Set PUBLIC_URL to an https address: Twilio streams media over wss alone.',
    )
  const response = await asked(`${url}/healthz`)
  if (response?.ok) return ok('public URL', `${url} leads to a server`)
  const found = response ? `${url} answers ${response.status}` : `${url} cannot be reached from here`
  return fail('public URL', found, 'Start the server, and let your proxy pass requests and WebSockets on to it.')
}
