import { html } from 'hono/html'
import { Marked, type Tokens } from 'marked'

/**
 * Markdown of ours → HTML for a page of the server at `url`. Raw HTML in it is shown, not obeyed. Links to this server
 * become paths, so that a visitor stays at the name they came by; headings have ids.
 */
export function renderMarkdown(markdown: string, url: string): string {
  const idOf = headingIds()
  const marked = new Marked({
    renderer: {
      html: ({ text }) => escaped(text),
      heading({ tokens, depth, text }: Tokens.Heading) {
        const inner = this.parser.parseInline(tokens)
        return depth === 1 ? `<h1>${inner}</h1>\n` : `<h${depth} id="${idOf(depth, text)}">${inner}</h${depth}>\n`
      },
      // `sh POST /v1/leads`: the language, and what stands above the block.
      code({ text, lang = '' }: Tokens.Code) {
        const [language = '', ...title] = lang.split(' ')
        const caption = title.length ? `<figcaption>${escaped(title.join(' '))}</figcaption>` : ''
        const code = `<code class="language-${escaped(language)}">${escaped(text)}</code>`
        return `<figure>${caption}<pre tabindex="0">${code}</pre></figure>\n`
      },
      table({ header, rows }: Tokens.Table) {
        const inline = ({ tokens }: Tokens.TableCell) => this.parser.parseInline(tokens)
        const heads = header.map((cell) => `<th>${inline(cell)}</th>`).join('')
        // A phone shows each row as a block, where a cell needs the name of its column.
        const cellOf = (cell: Tokens.TableCell, column: number) =>
          `<td data-column="${escaped(header[column]!.text)}">${inline(cell)}</td>`
        const body = rows.map((row) => `<tr>${row.map(cellOf).join('')}</tr>`).join('\n')
        const table = `<table><thead><tr>${heads}</tr></thead><tbody>${body}</tbody></table>`
        return `<div class="table" tabindex="0" role="region" aria-label="Table">${table}</div>\n`
      },
      link({ href, tokens }: Tokens.Link) {
        const path = href === url ? '/' : href.startsWith(`${url}/`) ? href.slice(url.length) : href
        return `<a href="${escaped(path)}">${this.parser.parseInline(tokens)}</a>`
      },
    },
  })
  return marked.parse(markdown, { async: false })
}

/** Ids as GitHub makes them; below the second level with that of its section before it, which keeps them apart. */
function headingIds(): (depth: number, text: string) => string {
  let section = ''
  return (depth, text) => {
    const id = text
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-')
    if (depth === 2) section = id
    return depth === 2 || section === 'events' ? id : `${section}-${id}`
  }
}

/** Text for an element or a quoted attribute. */
const escaped = (text: string): string => String(html`${text}`)
