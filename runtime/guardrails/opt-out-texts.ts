import {
  END,
  FOR_GOOD,
  ME,
  NO_TIME,
  NO_TIME_BEFORE,
  NOT,
  NOT_BEFORE_NOT,
  NOT_BEFORE_STOP,
  phrase,
} from './opt-out-phrases.ts'

/**
 * Requests never to be written to again, matched as those of `opt-out-phrases.ts` are, but in messages alone: "don't text me", said
 * in a call, is an answer to "shall I text you the address?".
 */

/** "Don't text me, call me" wants a call. */
const NO_CALL_INSTEAD =
  '(?! (?:(?:just|please|but|instead|bitte|por favor|mejor|plutot|mais|sondern) ){0,2}' +
  '(?:call|ring|phone|rufen|ruf|llamen?|llamen?me|llamame|appelez|appelle|telephonez)(?![a-z]))'

const TEXT = '(?:text|txt|message|msg|sms|whatsapp|write(?: to)?|spam)'
const TEXTS = '(?:texts?|text messages?|txts?|sms|messages?|msgs?|whatsapps?|whatsapp messages?)'
const WHICH = '(?:(?:all|any|more|anymore|further|other|my|your|the|these|this|me|us|sending) ){0,4}'
const CALLING = '(?:calling|texting|messaging|contacting|writing)'

const ENGLISH = [
  `${NOT_BEFORE_STOP}(?:stop|quit) (?:writing|spamming|whatsapping|sending)(?: to)? ${ME}`,
  `${NOT_BEFORE_STOP}(?:stop|quit) (?:texting|messaging|spamming|sending)${END}`,
  `${NOT_BEFORE_STOP}(?:stop|quit) ${CALLING} (?:and|or) ${CALLING}`,
  `${NOT_BEFORE_STOP}(?:stop|quit|end|cancel) ${WHICH}${TEXTS}(?: now)?${END}`,
  `${NOT_BEFORE_NOT}${NOT} (?:ever )?(?:call (?:or|and|nor) )?${TEXT} (?:(?:or|and|nor) call )?(?:${ME}|${FOR_GOOD})${NO_TIME}${NO_CALL_INSTEAD}`,
  `${NOT_BEFORE_NOT}${NOT} (?:ever )?(?:text|message|sms)${END}`,
  `${NOT_BEFORE_NOT}${NOT} (?:ever )?send ${WHICH}(?:${TEXTS}|anything)(?: ${FOR_GOOD})?${NO_TIME}${NO_CALL_INSTEAD}`,
  `(?<!(?:got|get|received|had|have|are|were) )no (?:more|further) ${TEXTS}${NO_TIME}${NO_CALL_INSTEAD}`,
  `(?:don t|do not|dont|no longer) (?:want|wish) (?:(?:to )?(?:receive|get|receiving|getting) )?${WHICH}(?:texts|text messages|sms|messages)${NO_TIME}${NO_CALL_INSTEAD}`,
  `(?:don t|do not|dont|no longer) (?:want|wish) to be (?:texted|messaged)${NO_TIME}${NO_CALL_INSTEAD}`,
  `(?:can|could|will|would) you (?:please )?stop(?: (?:it|this|now|all))?${END}`,
  `(?:remove|delete) me(?: now| from this)?${END}|take me off${END}`,
  '(?<!(?:not|don t|didn t) )(?:revoke|withdraw) (?:(?:all|the|any) )?consent',
  '(?:i|we) opt out',
]

const TURKISH_TEXT = '(?:mesaj(?:i|lar|lari)?|sms|whatsapp)'
const TURKISH_BETWEEN = '(?:(?:bana|bize|bir daha|birdaha|artik|lutfen|sakin|asla) )'
const SEND_NO_MORE = '(?:(?:at|yaz|yolla)ma(?:yin|yiniz|sin|sinlar)|gonderme(?:yin|yiniz|sin|sinler))'
const TURKISH = [
  `${NO_TIME_BEFORE}${TURKISH_BETWEEN}{0,3}${TURKISH_TEXT} ${TURKISH_BETWEEN}{0,3}${SEND_NO_MORE}`,
  `${NO_TIME_BEFORE}${TURKISH_BETWEEN}{1,3}(?:yazma(?:yin|yiniz)|mesaj (?:atma|yazma|gonderme|yollama)$)`,
  `^${TURKISH_TEXT} (?:atma|yazma|gonderme|yollama)(?: artik| lutfen| bana)?$`,
  `${TURKISH_TEXT} (?:(?:almak|gelmesini) )?istemiyor(?:um|uz)`,
  `${TURKISH_TEXT} (?:(?:atmayi|yazmayi|gondermeyi) )?(?:birakin|birak|kesin|kes|durdurun|durdur)`,
  'beni (?:cikarin|cikar|silin|sil)(?: lutfen)?$',
]

const GERMAN_TEXTS = '(?:sms|nachrichten?|textnachrichten?|whatsapps?)'
const NOT_AGAIN = '(?:nicht mehr|nie wieder|nie mehr|nicht wieder)'
const GERMAN = [
  `(?<!(?:hab|habe|haben|hatte) )keine (?:weiteren )?${GERMAN_TEXTS} mehr${NO_TIME}${NO_CALL_INSTEAD}`,
  `(?<!(?:hab|habe|haben|hatte) )keine (?:weiteren )?${GERMAN_TEXTS}(?: bitte)?$`,
  `(?:schreiben|schreibt|schreib) (?:sie )?(?:mir|uns) (?:bitte )?(?:${NOT_AGAIN}|keine ${GERMAN_TEXTS})${NO_TIME}${NO_CALL_INSTEAD}`,
  `(?:schicken|schickt|schick|senden|sendet|sende) (?:sie )?(?:mir|uns) (?:bitte )?keine (?:weiteren )?${GERMAN_TEXTS}${NO_TIME}${NO_CALL_INSTEAD}`,
  `(?:mir|uns|bitte) ${NOT_AGAIN} schreiben`,
  `(?<!nicht )(?:horen|hort|hor) (?:sie |bitte )?(?:bitte )?auf (?:mir|uns) (?:${GERMAN_TEXTS} )?zu (?:schreiben|schicken|senden)`,
  '(?:loschen|entfernen|streichen) sie mich(?: bitte)?$',
]

const SPANISH_TEXTS = '(?:mensajes?|sms|textos?|whatsapps?)'
const SEND = '(?:envie|envies|envien|envieis|mande|mandes|manden|mandeis|escriba|escribas|escriban|escribais)'
const SPANISH = [
  `no (?:(?:me|nos) )?${SEND} (?:(?:nunca )?mas|${SPANISH_TEXTS})${NO_TIME}${NO_CALL_INSTEAD}`,
  '(?:ya )?no (?:me|nos) (?:escriba|escribas|escriban|escribais)(?: por favor)?$',
  `no (?:quiero|deseo|quisiera) (?:recibir )?(?:(?:mas|sus|estos|ningun) )?${SPANISH_TEXTS}${NO_TIME}${NO_CALL_INSTEAD}`,
  `no mas ${SPANISH_TEXTS}${NO_TIME}${NO_CALL_INSTEAD}`,
  '(?<!no )(?:deje|deja|dejen|pare|paren) (?:ya )?de (?:escribirme|escribirnos|enviarme|enviarnos|mandarme|mandarnos|escribir)',
  '(?:borreme|borrenme|borrame|elimineme|eliminenme|eliminame|quiteme|quitenme)(?: por favor)?$',
]

const FRENCH_TEXTS = '(?:sms|messages?|textos?|whatsapps?)'
const FRENCH = [
  `n (?:envoyez|envoie|ecrivez|ecris) plus${NO_TIME}`,
  `(?:ne )?(?:m |me |nous )(?:envoyez|envoie|ecrivez|ecris) plus${NO_TIME}${NO_CALL_INSTEAD}`,
  'ne (?:m |me |nous )(?:ecrivez|ecris) pas(?: s il vous plait| svp)?$',
  `(?:ne )?(?:veux|veut|souhaite|desire) plus (?:recevoir )?(?:de |vos |ces |aucun )${FRENCH_TEXTS}`,
  `(?<!n )(?:arretez|arrete|cessez) (?:donc )?(?:de (?:m |me |nous )?(?:ecrire|envoyer)|(?:les|vos|ces|avec les) ${FRENCH_TEXTS})`,
  `^(?:plus|pas) de ${FRENCH_TEXTS}(?: s il vous plait| svp| merci)?$`,
  '(?:retirez|enlevez|supprimez|effacez) moi(?: s il vous plait| svp)?$',
]

export const WRITTEN_REQUESTS: readonly RegExp[] = [...ENGLISH, ...TURKISH, ...GERMAN, ...SPANISH, ...FRENCH].map(
  phrase,
)
