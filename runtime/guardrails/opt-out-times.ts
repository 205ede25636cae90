const HOUR =
  '\\d{1,2}|noon|midnight|lunch|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|' +
  'mittag|eins|zwei|drei|vier|funf|sechs|sieben|acht|neun|zehn|elf|zwolf|' +
  'una|dos|tres|cuatro|cinco|seis|siete|ocho|nueve|diez|doce|midi|deux|trois|quatre|cinq|sept|huit|neuf|dix|onze'
const BEFORE_HOUR =
  '(?:before|until|till|after|at|by|around|vor|bis|nach|um|(?:(?:antes|despues) de|hasta|a) las?|avant|apres|a)'

const DAY =
  '(?:mon|tues|wednes|thurs|fri|satur|sun)days?|weeks?|weekends?|weekdays?|today|tonight|tomorrow|later|' +
  'mornings?|afternoons?|evenings?|nights?|' +
  '(?:mon|diens|donners|frei|sams|sonn)tags?|mittwochs?|woche|wochenende|heute|morgens?|abends?|nachts?|spater|' +
  'lunes|martes|miercoles|jueves|viernes|sabados?|domingos?|semana|hoy|mananas?|tardes?|noches?|' +
  '(?:lun|mar|mercre|jeu|vendre|same)dis?|dimanches?|semaine|demain|aujourd.hui|matins?|soirs?|tard'
/** Not "after", nor "from": "never again after today" is for good. */
const BEFORE_DAY =
  '(?:(?:before|until|till|at|on|in|during|for|this|next|the|a|vor|bis|am|im|diesen?|nachsten?|' +
  'antes|de|del|hasta|por|en|el|la|las|los|avant|jusqu.a|au|pendant|le|les|ce|cette) ){0,3}'

/** In Turkish a time stands before what it is said of: "beşten önce", "yarına kadar", "bugün". */
const TURKISH = '(?:[a-z0-9]+(?:den|dan|ten|tan) once|[a-z0-9]+[ae] kadar|bugun)(?= [a-z])'

const TIMES = new RegExp(
  `(?<=[a-z] )(?:${BEFORE_HOUR} (?:${HOUR})|${BEFORE_DAY}(?:${DAY}))(?![a-z0-9])|(?<![a-z0-9])${TURKISH}`,
  'g',
)

/** Stands for a time in what {@link markTimes} gives. */
export const TIME = 'atanothertime'

/** Each time that follows a word, or in Turkish goes before one, without a comma or a stop between, as {@link TIME}. Of text in lower case without accents. */
export const markTimes = (text: string): string => text.replace(TIMES, TIME)
