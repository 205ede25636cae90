import type { KeyReply } from './transfer.ts'

/** What a colleague is told before they decide. Everything but `agent` and `business` is in the words of strangers. */
export interface BriefInput {
  agent: string
  /** Null: the colleague knows for whom they work. */
  business: string | null
  name: string | null
  reason: string
  answers: Record<string, string>
  /** BCP 47; English where it is none of ours. */
  language: string
}

interface Words {
  brief: string
  business: string
  somebody: string
  reason: string
  answers: string
  press: string
  declined: string
  taken: string
  gone: string
  alone: string
}

/** `{agent}`, `{business}`, `{name}` and `{text}` are filled in. */
const words: Record<string, Words> = {
  en: {
    brief:
      'Hello. This is {agent}, the AI assistant of {business}. {name} is on the line and would like to talk to a person.',
    business: 'our company',
    somebody: 'Somebody',
    reason: 'The reason: {text}.',
    answers: 'So far they said: {text}.',
    press: 'Press 1 to take the call, or any other key to decline.',
    declined: 'All right. Goodbye.',
    taken: 'Somebody else has taken the call. Goodbye.',
    gone: 'The caller cannot be put through any more. Goodbye.',
    alone: 'I am sorry, the line to my colleague is down. Somebody will call you back. Goodbye.',
  },
  tr: {
    brief:
      'Merhaba. Ben {agent}, {business} adına konuşan yapay zekâ asistanı. {name} hatta ve bir yetkiliyle konuşmak istiyor.',
    business: 'firmamız',
    somebody: 'Bir kişi',
    reason: 'Nedeni: {text}.',
    answers: 'Şimdiye kadar söyledikleri: {text}.',
    press: 'Görüşmeyi almak için 1 tuşuna, almamak için başka bir tuşa basın.',
    declined: 'Tamam. Hoşça kalın.',
    taken: 'Görüşmeyi başka biri aldı. Hoşça kalın.',
    gone: 'Arayan kişi artık bağlanamıyor. Hoşça kalın.',
    alone: 'Üzgünüm, arkadaşımla bağlantı koptu. Sizi geri arayacağız. Hoşça kalın.',
  },
  de: {
    brief:
      'Guten Tag. Hier ist {agent}, der KI-Assistent von {business}. {name} ist in der Leitung und möchte mit einem Menschen sprechen.',
    business: 'unserer Firma',
    somebody: 'Jemand',
    reason: 'Der Grund: {text}.',
    answers: 'Bisher gesagt: {text}.',
    press: 'Drücken Sie die 1, um zu übernehmen, oder eine andere Taste, um abzulehnen.',
    declined: 'In Ordnung. Auf Wiederhören.',
    taken: 'Jemand anderes hat das Gespräch übernommen. Auf Wiederhören.',
    gone: 'Das Gespräch kann nicht mehr verbunden werden. Auf Wiederhören.',
    alone: 'Es tut mir leid, die Verbindung ist abgebrochen. Wir rufen Sie zurück. Auf Wiederhören.',
  },
  es: {
    brief:
      'Hola. Soy {agent}, el asistente de inteligencia artificial de {business}. {name} está en línea y quiere hablar con una persona.',
    business: 'nuestra empresa',
    somebody: 'Alguien',
    reason: 'El motivo: {text}.',
    answers: 'Hasta ahora ha dicho: {text}.',
    press: 'Pulse 1 para atender la llamada, u otra tecla para rechazarla.',
    declined: 'De acuerdo. Adiós.',
    taken: 'Otra persona ha atendido la llamada. Adiós.',
    gone: 'Ya no se puede pasar la llamada. Adiós.',
    alone: 'Lo siento, se ha cortado la línea con mi colega. Le volveremos a llamar. Adiós.',
  },
  fr: {
    brief: "Bonjour. Ici {agent}, l'assistant IA de {business}. {name} est en ligne et souhaite parler à une personne.",
    business: 'notre entreprise',
    somebody: "Quelqu'un",
    reason: 'La raison : {text}.',
    answers: "Jusqu'ici, cette personne a dit : {text}.",
    press: "Appuyez sur 1 pour prendre l'appel, ou sur une autre touche pour refuser.",
    declined: "D'accord. Au revoir.",
    taken: "Quelqu'un d'autre a pris l'appel. Au revoir.",
    gone: "L'appel ne peut plus être transféré. Au revoir.",
    alone: 'Je suis désolé, la ligne avec mon collègue est coupée. Nous vous rappellerons. Au revoir.',
  },
}

const wordsIn = (language: string): Words => words[language.slice(0, 2).toLowerCase()] ?? words.en!

/** Long enough for half a minute of speech, and far below what a document of the carrier may hold. */
const MAX_NAME = 60
const MAX_REASON = 200
const MAX_ANSWERS = 500

/** Who is on the line, why, what they have said so far, and which key accepts. */
export function briefOf({ agent, business, name, reason, answers, language }: BriefInput): string {
  const own = wordsIn(language)
  const said = Object.entries(answers).map(([slot, answer]) => `${slot.replaceAll('_', ' ')}: ${answer}`)
  const [why, soFar] = [plain(reason, MAX_REASON), plain(said.join('; '), MAX_ANSWERS)]
  const who = { agent: plain(agent, MAX_NAME), business: plain(business ?? own.business, MAX_NAME) }
  return [
    fill(own.brief, { ...who, name: plain(name ?? '', MAX_NAME) || own.somebody }),
    why && fill(own.reason, { text: why }),
    soFar && fill(own.answers, { text: soFar }),
    own.press,
  ]
    .filter(Boolean)
    .join(' ')
}

/** What somebody hears who does not get to the lead. */
export const farewellOf = (reply: Exclude<KeyReply, 'join'> | 'gone' | 'alone', language: string): string =>
  wordsIn(language)[reply === 'too_late' ? 'taken' : reply]

const fill = (sentence: string, fields: Record<string, string>): string =>
  sentence.replace(/\{(\w+)\}/g, (_, field: string) => fields[field] ?? '')

/** Words that can be spoken, on one line: without control characters and markup, and with no end of their own. */
function plain(text: string, max: number): string {
  const clean = text.replace(/[\p{C}\s]+/gu, ' ').replace(/[<>{}[\]|\\`"“”„]/g, '')
  return [...clean.trim()]
    .slice(0, max)
    .join('')
    .replace(/[\s.;]+$/, '')
}
