import { identity } from './identity.ts'

/**
 * The entry of the MCP registry, committed as `server.json`: how a client starts the server from its package.
 * @see https://github.com/modelcontextprotocol/registry/blob/main/docs/reference/server-json/generic-server-json.md
 */
export const registryEntry = (version: string) => ({
  $schema: 'https://static.modelcontextprotocol.io/schemas/2025-12-11/server.schema.json',
  name: identity.name,
  title: identity.title,
  description: identity.description,
  version,
  packages: [
    {
      registryType: 'npm',
      identifier: 'talkif',
      version,
      runtimeHint: 'npx',
      transport: { type: 'stdio' },
      packageArguments: [{ type: 'positional', value: 'mcp' }],
      environmentVariables: [
        {
          name: 'TALKIF_URL',
          description: 'Where the Talkif server is.',
          format: 'string',
          placeholder: 'https://talkif.example',
          isRequired: true,
        },
        {
          name: 'TALKIF_KEY',
          description: 'An API key: tk_test_… calls sandbox people, tk_live_… rings real phones.',
          format: 'string',
          isRequired: true,
          isSecret: true,
        },
      ],
    },
  ],
})
