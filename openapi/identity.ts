/** Who this is, wherever a machine asks: server card, registry, JSON-LD, llms.txt. */
export const identity = {
  /** Reverse DNS of talkif.ai, as the MCP registry and server cards name servers. */
  name: 'ai.talkif/talkif',
  title: 'Talkif',
  /** At most 100 characters: the bound of server cards and of the registry. */
  description: 'Turn a lead event into an AI phone call within seconds; get a typed, signed outcome back.',
  /** Where the product is at home: the base of ids that are the same on every server. */
  home: 'https://talkif.ai',
  license: 'https://www.apache.org/licenses/LICENSE-2.0',
} as const
