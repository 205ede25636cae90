import { extendZodWithOpenApi } from '@asteasolutions/zod-to-openapi'
import { z } from 'zod'

// Every schema of the contract takes `z` from here, so that `.openapi('Name')` exists whichever file is loaded first.
extendZodWithOpenApi(z)

export { z }
