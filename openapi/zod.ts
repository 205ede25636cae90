// Every schema of the contract takes `z` from here: it has `.openapi('Name')`, whichever file is loaded first.
export { z } from '@hono/zod-openapi'
