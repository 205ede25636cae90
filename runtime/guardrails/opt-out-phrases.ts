import { TIME } from './opt-out-times.ts'

/**
 * Requests never to be called again, matched against folded text: lower case, no accents, one space between words, and
 * an apostrophe read as a space ("don t"). Phrases are fixed but for short optional words, so that each expression is
 * linear. A bare "don't call me" counts only at the end of what was said: what follows may be a time. Where a time makes another wish
 * of it ("don't call me again before five"), it is left out by name; "stop calling me at night" stays a request.
 */
export const phrase = (source: string) => new RegExp(`(?<![a-z0-9])(?:${source})(?![a-z0-9])`)

/** "… at six" behind it; "… tomorrow, or ever" is for good. */
export const NO_TIME = `(?!(?: (?:again|back|an|mas|jamais))? ${TIME}(?! or (?:ever|any)))`
export const NO_TIME_BEFORE = `(?<!${TIME} (?:(?:beni|bizi|bana|bize|lutfen) )?)`

export const NOT = '(?:do not|don t|dont|never|please do not|please don t)'
export const ME = '(?:me|us|this number|my number|here|this house)'
const CALL = '(?:call|phone|ring|contact|telephone|dial)'
const CALLING = '(?:calling|phoning|ringing|contacting|dialing|dialling|bothering|harassing|texting|messaging)'
export const FOR_GOOD = '(?:again|anymore|any more|ever|ever again|back again)'
export const END = '(?: please| thank you| thanks| ok| okay)?$'

/** "Don't stop calling", "I will not stop", "I didn't say stop". */
export const NOT_BEFORE_STOP =
  '(?<!(?:not|not asking you to|don t|dont|never|t say|not say|not to|without you|cannot|can t|won t|didn t|did not say|i ll|i will|they|we|he|she) )'
/** "If you don't call me", "why don't you". */
export const NOT_BEFORE_NOT =
  '(?<!(?:if you|if they|when you|why|unless you|because you|you guys|how come you|they|hope you) )'

const ENGLISH = [
  `${NOT_BEFORE_STOP}(?:stop|quit) ${CALLING} (?:${ME}|my (?:phone|cell|mobile|house|home))`,
  `${NOT_BEFORE_STOP}(?:stop|quit) (?:calling|phoning|contacting|these calls|the calls|with the calls)${END}`,
  `${NOT_BEFORE_NOT}${NOT} (?:ever )?${CALL} ${ME} ${FOR_GOOD}${NO_TIME}`,
  `${NOT_BEFORE_NOT}never (?:ever )?${CALL} ${ME}${NO_TIME}`,
  `${NOT_BEFORE_NOT}${NOT} (?:ever )?${CALL} ${ME}${END}`,
  `${NOT_BEFORE_NOT}${NOT} ${CALL} ${FOR_GOOD}${NO_TIME}`,
  `(?:don t|do not|dont) want (?:you to call|to be called|any more calls|any calls|you calling|more calls)(?: me| us)?(?: ${FOR_GOOD}|${END})`,
  `(?:take|remove|delete|drop|scratch) (?:me|us|my (?:phone )?number|this number|my name)(?: off| from| out of)(?: of)? (?:your|the|this|that|any|all) (?:\\w+ )?(?:list|lists|database|system|records)`,
  `(?:put|add|place) (?:me|us|my number|this number) (?:on|to) (?:your|the) do not call(?: list| registry)?`,
  '(?:lose|delete|forget) my number',
  `no more (?:phone )?calls${NO_TIME}`,
  `(?:i want to|i d like to|i would like to|please|let me|want to) opt out|opt me out|unsubscribe me|please unsubscribe`,
  `(?:asked|told) you not to ${CALL}(?: ${ME})?(?: ${FOR_GOOD})?${END}|(?<!did i |never )said not to ${CALL} ${ME} ${FOR_GOOD}`,
  `(?:don t|do not|dont) (?:want|wish) to be (?:called|contacted|phoned) ${FOR_GOOD}`,
  `(?:no longer (?:want|wish)|(?:don t|do not|dont) wish) to be (?:called|contacted|phoned|bothered)(?: ${FOR_GOOD})?${END}`,
  `(?:don t|do not|dont) bother ${CALLING}(?: ${ME})? ${FOR_GOOD}${END}`,
  `${NOT_BEFORE_NOT}(?:don t|dont|do not|never) ${CALL} back${END}`,
  '(?:want|like|wish) to be (?:taken off|removed from) (?:of )?(?:your|the|this|any|all) (?:\\w+ )?lists?',
  '(?:delete|erase|remove) my (?:details|data|information)(?: from (?:your|the) (?:system|database|records|list))?(?: please)?$',
  'never want to hear from (?:you|this company) again',
  '(?<!(?:not|t|to|don) )leave (?:me|us) alone(?: please| and .*)?$',
  '(?:i m|i am|we are|we re|this number is|my number is) on the (?:\\w+ )?do not call (?:list|registry)|(?:put|add) (?:me|us) (?:on|to) (?:your|the) no call list',
  '(?:revoke|withdraw) my consent',
  `(?:remove|erase) my (?:phone )?number${END}`,
  `don t you (?:ever|dare(?: to)?) ${CALL} ${ME}`,
  `you (?:must not|mustn t|may not|are not to|should not|shouldn t) (?:ever )?${CALL} ${ME} ${FOR_GOOD}`,
  'want (?:to (?:be|get|come) )?off (?:of )?(?:your|the|this|any|all) (?:\\w+ )?lists?',
  `(?<!(?:not|to|t|can i|do i) )unsubscribe${END}`,
]

const YOU_CALL_NO_MORE = '(?:aramayin|aramayiniz|aramasin|aramasinlar)'
const TURKISH = [
  `${NO_TIME_BEFORE}(?:beni|bizi|burayi|bu numarayi|numarami) (?:(?:bir daha|birdaha|artik|lutfen|sakin|asla|tekrar|hic) ){0,3}${YOU_CALL_NO_MORE}`,
  `${NO_TIME_BEFORE}(?:bir daha|birdaha|artik|sakin|asla) (?:(?:beni|bizi|lutfen|sakin|burayi|bu numarayi) ){0,3}(?:${YOU_CALL_NO_MORE}|arama(?! (?:yap|ist|zaman|saat|sans)))`,
  '(?:beni|bizi) arama(?: artik| lutfen)?$',
  `${YOU_CALL_NO_MORE} (?:artik|bir daha)(?: (?:beni|bizi|lutfen))?$`,
  '(?:beni )?aramayi (?:birakin|birak|kesin|kes)|aramaktan vazgecin',
  '(?:aranmak|telefon almak) istemiyor(?:um|uz)|(?:beni|bizi) (?:bir daha )?aramanizi istemiyor(?:um|uz)',
  '(?:numarami|beni|bizi|kaydimi|bilgilerimi|adimi) (?:\\w+ )?(?:listenizden|listeden|sistemden|sisteminizden|kayitlarinizdan) (?:cikarin|cikartin|cikar|silin|sil)',
  '(?:numarami|kaydimi) (?:silin|sil|siliniz)',
  `${YOU_CALL_NO_MORE} (?:beni|bizi)(?: artik| bir daha| lutfen)?$`,
  '(?:beni|bizi|bir daha)(?: bir daha| artik| lutfen){0,2} rahatsiz et(?:meyin|meyiniz|me)$',
  '(?:numarami|beni|bizi|kaydimi|adimi) (?:\\w+ )?(?:listenizden|listeden|sistemden|sisteminizden) (?:siler|cikarir) misin(?:iz)?',
  '(?:telefonumu|verilerimi|kisisel verilerimi|bilgilerimi) (?:silin|siliniz|siler misiniz)',
  '(?:benimle|bizimle) (?:bir daha )?iletisime gecmeyin(?:iz)?|iletisime gecmeyin(?:iz)? (?:benimle|bizimle)',
  '(?:bir daha )?aramanizi istemiyor(?:um|uz)$',
]

const SIE = '(?:sie )?(?:mich|uns|hier|diese nummer|bei mir|bei uns)'
const GERMAN = [
  `(?:rufen|ruft|ruf) ${SIE} (?:(?:bitte|hier) ){0,2}(?:nicht mehr|nie mehr|nie wieder|nicht wieder|nicht nochmal|nicht noch mal|niemals wieder)(?: an)?${NO_TIME}`,
  `(?:rufen|ruft|ruf) ${SIE} (?:bitte )?nicht an$`,
  `(?:kontaktieren|belastigen) sie (?:mich|uns) (?:bitte )?(?:nicht mehr|nie wieder|nie mehr)${NO_TIME}`,
  '(?<!nicht )(?:horen|hort|hor) (?:sie |bitte )?(?:bitte )?auf (?:mich|uns) anzurufen|(?<!nicht )auf(?:horen|zuhoren) (?:mich|uns) anzurufen',
  '(?:nicht mehr|nie wieder|nie mehr) angerufen werden|keine (?:weiteren )?anrufe (?:mehr|von ihnen)|keine weiteren anrufe',
  '(?:streichen|nehmen|loschen|entfernen) sie (?:mich|uns|meine (?:telefon)?nummer|meinen namen) (?:bitte )?(?:von|aus) (?:der|ihrer|dieser) (?:\\w+ )?(?:liste|kartei|datenbank|anrufliste)',
  '(?:loschen|streichen) sie (?:bitte )?meine (?:telefon)?nummer',
  '(?:rufen|ruft|ruf) (?:sie )?(?:bitte )?(?:nicht mehr|nie wieder|nie mehr)(?: bei (?:mir|uns))? an(?: bitte)?$',
  '(?:bitte )?(?:nicht mehr|nie wieder|nie mehr) anrufen(?: bitte)?$',
  'sie sollen (?:mich|uns|hier|bei (?:mir|uns)) (?:nicht mehr|nie wieder|nie mehr) anrufen',
  'nicht dass sie (?:mich|uns) (?:noch ?(?:ein)?mal|wieder|nochmals) anrufen',
  '(?<!nicht )(?:horen|hort|hor) (?:sie )?(?:bitte )?(?:endlich )?auf anzurufen',
  'lassen sie (?:mich|uns) (?:bitte |endlich )?in ruhe(?: bitte)?$',
  '(?:loschen|entfernen) sie (?:bitte )?meine (?:personlichen )?daten|widerrufe (?:hiermit )?meine (?:einwilligung|zustimmung)',
  'tragen sie (?:mich|uns) (?:bitte )?aus (?:der|ihrer|dieser) (?:\\w+ )?(?:liste|kartei|datenbank) aus',
  'kein anruf mehr(?: bitte)?',
  'melden sie sich (?:bitte )?(?:nie wieder|nie mehr|nicht mehr)(?: bei (?:mir|uns))?$',
]

const SPANISH = [
  `(?:(?:no|nunca) (?:me|nos) (?:vuelva|vuelvas|vuelvan) a (?:llamar|contactar|telefonear)|no (?:vuelva|vuelvas|vuelvan) a (?:llamarme|llamarnos|contactarme|llamar)(?: aqui)?)${NO_TIME}`,
  `(?:no|nunca) (?:me|nos) (?:llame|llames|llamen|contacte|contacten) (?:mas|nunca mas|nunca|otra vez|jamas)${NO_TIME}`,
  `(?:ya )?no (?:me|nos) (?:llame|llames|llamen)(?: por favor)?$|nunca mas (?:me|nos) (?:llame|llames|llamen)${NO_TIME}`,
  '(?<!no )(?:deje|deja|dejen|pare|paren|para) (?:ya )?de (?:llamarme|llamarnos|molestarme|contactarme|llamar)',
  'no quiero (?:que me (?:llame|llames|llamen|vuelvan a llamar)(?: (?:mas|nunca mas|nunca|otra vez))?$|que me (?:llame|llamen) (?:mas|nunca)|(?:recibir )?(?:mas|ninguna) llamadas?)',
  '(?:quite|quiten|quiteme|quitenme|borre|borren|borreme|elimine|eliminen|elimineme|saque|saqueme|saquenme) (?:(?:mi (?:numero|nombre)|me) )?de (?:la|su|sus|esta) (?:\\w+ )?(?:lista|listas|base)',
  '(?:borre|borren|elimine|eliminen) mi numero',
  'no (?:me|nos) llameis (?:mas|nunca mas)|no (?:llame|llames|llamen) (?:mas|nunca mas)(?: (?:a este numero|aqui|por favor))?$',
  '(?<!no )(?:deje|deja|dejen) de molestar$|(?:dejeme|dejenme|dejame|dejadme) en paz',
  '(?:borreme|borrenme|eliminenme|saquenme) de (?:la|su|sus|esta) (?:\\w+ )?(?:lista|listas|base)',
  '(?:quiero|quisiera|deseo) darme de baja|(?:denme|deme|dame) de baja',
  '(?:elimine|eliminen|borre|borren) mis datos|(?:retiro|revoco) mi consentimiento',
  'no (?:deseo|quisiera) (?:recibir )?mas llamadas',
]

const FRENCH = [
  `(?:ne )?(?:m |me |nous )(?:appelez|appelle|rappelez|rappelle|contactez|telephonez) (?:plus|jamais|plus jamais)${NO_TIME}`,
  'ne (?:m |me |nous )(?:appelez|appelle|rappelez|rappelle) pas(?: s il vous plait| svp)?$',
  'arrete(?:z|r)? (?:donc )?de (?:m |me |nous )(?:appeler|rappeler|telephoner|contacter|harceler|deranger)',
  '(?:je ne|je|on ne) veu(?:x|t) plus (?:etre (?:appelee?|rappelee?|contactee?)|recevoir d appels?|(?:que vous|qu on) (?:m |me )(?:appeliez|appelle|rappeliez|contactiez)|d appels)',
  '(?:retirez|enlevez|supprimez|otez|rayez)(?: moi)?(?: mon (?:numero|nom))? de (?:votre|vos|la|cette|toutes vos) (?:\\w+ )?(?:listes?|base|fichiers?)',
  '(?:supprimez|effacez) mon numero|desinscrivez moi|desabonnez moi',
  'n (?:appelez|appelle) plus(?: (?:ce numero|ici|chez (?:moi|nous)))?(?: s il vous plait| svp)?$|ne rappelez plus(?: jamais)?(?: s il vous plait| svp)?$',
  '(?<!ne )(?:cessez|arretez) de (?:m |me |nous )?(?:appeler|rappeler|embeter|importuner)|(?<!n )arretez (?:les|vos|ces) appels',
  '(?:laissez|laisse) (?:moi|nous) tranquilles?|(?:fichez|foutez) (?:moi|nous) la paix',
  'ne (?:souhaite|desire|veux) plus (?:etre (?:appelee?|rappelee?|contactee?)|recevoir d appels?)',
  'ne telephonez plus(?: jamais)?(?: ici| chez (?:moi|nous))?(?: s il vous plait| svp)?$',
  '(?:supprimez|effacez) mes (?:donnees|coordonnees)|(?:retire|revoque) mon consentement',
]

export const SPOKEN_REQUESTS: readonly RegExp[] = [...ENGLISH, ...TURKISH, ...GERMAN, ...SPANISH, ...FRENCH].map(phrase)
