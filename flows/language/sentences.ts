/** What the platform itself says in a language. `{…}` are filled in. */
export interface Sentences {
  /** Who is calling, for whom, and that it is an AI; `recorded` says in the same sentence that it is recorded. */
  opening: { plain: string; recorded: string }
  /** Who is called for, when the workspace does not say. */
  unnamed: string
  /** How the person got in touch, by source of the lead. */
  touch: { web_form: string; meta_lead_ads: string; other: string }
  /** Short lines of the call itself: while something takes long, to somebody silent, as last words, and when nothing works. */
  phrases: { filler: string; nudge: string; goodbye: string; stopped: string; trouble: string }
  /** Why, for a robot that screens calls: true of every lead. */
  reason: string
  /** Questions for slots whose flow has none of its own. */
  questions: Record<string, string>
  /** For any other slot. */
  question: string
}

export const SENTENCES: Readonly<Record<string, Sentences>> = {
  en: {
    opening: {
      plain: "Hi, this is {agent} calling on behalf of {business} — I'm an AI assistant.",
      recorded: "Hi, this is {agent} calling on behalf of {business} — I'm an AI assistant, and this call is recorded.",
    },
    unnamed: 'the company you contacted',
    touch: {
      web_form: 'You just left your details on our website — got a moment?',
      meta_lead_ads: 'You just left your details in our ad — got a moment?',
      other: 'You left your details with us — got a moment?',
    },
    phrases: {
      filler: 'One moment, please.',
      nudge: 'Are you still there?',
      goodbye: 'Thank you for your time. Goodbye.',
      stopped: 'All right, we will not call you again. Goodbye.',
      trouble: 'I am sorry, there is a technical problem on our side. Goodbye.',
    },
    reason: "I'm calling about the request they sent us.",
    questions: {
      need: 'What are you looking for?',
      timing: 'When would you like to start?',
      budget: 'What budget do you have in mind?',
      location: 'Where are you based?',
    },
    question: 'Could you tell me your {slot}?',
  },
  tr: {
    opening: {
      plain: 'Merhaba, ben {agent}, {business} adına arıyorum — bir yapay zekâ asistanıyım.',
      recorded:
        'Merhaba, ben {agent}, {business} adına arıyorum — bir yapay zekâ asistanıyım ve bu görüşme kaydediliyor.',
    },
    unnamed: 'bilgilerinizi bıraktığınız firma',
    touch: {
      web_form: 'Az önce web sitemizde bilgilerinizi bıraktınız — bir dakikanız var mı?',
      meta_lead_ads: 'Az önce reklamımızda bilgilerinizi bıraktınız — bir dakikanız var mı?',
      other: 'Bize bilgilerinizi bırakmıştınız — bir dakikanız var mı?',
    },
    phrases: {
      filler: 'Bir saniye lütfen.',
      nudge: 'Hâlâ orada mısınız?',
      goodbye: 'Zaman ayırdığınız için teşekkürler. İyi günler.',
      stopped: 'Tamam, sizi bir daha aramayacağız. İyi günler.',
      trouble: 'Özür dilerim, bizde teknik bir sorun var. İyi günler.',
    },
    reason: 'Bize ilettikleri talep hakkında arıyorum.',
    questions: {
      need: 'Ne arıyorsunuz?',
      timing: 'Ne zaman başlamak istersiniz?',
      budget: 'Aklınızdaki bütçe nedir?',
      location: 'Nerede yaşıyorsunuz?',
    },
    question: '{slot} hakkında bilgi verir misiniz?',
  },
  de: {
    opening: {
      plain: 'Guten Tag, hier ist {agent} im Auftrag von {business} — ich bin eine KI-Assistentin.',
      recorded:
        'Guten Tag, hier ist {agent} im Auftrag von {business} — ich bin eine KI-Assistentin, und dieses Gespräch wird aufgezeichnet.',
    },
    unnamed: 'dem Unternehmen, bei dem Sie angefragt haben',
    touch: {
      web_form: 'Sie haben gerade Ihre Daten auf unserer Website hinterlassen — haben Sie einen Moment?',
      meta_lead_ads: 'Sie haben gerade Ihre Daten in unserer Anzeige hinterlassen — haben Sie einen Moment?',
      other: 'Sie haben uns Ihre Daten hinterlassen — haben Sie einen Moment?',
    },
    phrases: {
      filler: 'Einen Moment bitte.',
      nudge: 'Sind Sie noch da?',
      goodbye: 'Vielen Dank für Ihre Zeit. Auf Wiederhören.',
      stopped: 'In Ordnung, wir rufen Sie nicht mehr an. Auf Wiederhören.',
      trouble: 'Es tut mir leid, bei uns gibt es ein technisches Problem. Auf Wiederhören.',
    },
    reason: 'Es geht um die Anfrage, die uns geschickt wurde.',
    questions: {
      need: 'Wonach suchen Sie?',
      timing: 'Wann möchten Sie anfangen?',
      budget: 'Welches Budget haben Sie im Sinn?',
      location: 'Wo wohnen Sie?',
    },
    question: 'Können Sie mir etwas zu {slot} sagen?',
  },
  es: {
    opening: {
      plain: 'Hola, soy {agent} y llamo de parte de {business} — soy un asistente de inteligencia artificial.',
      recorded:
        'Hola, soy {agent} y llamo de parte de {business} — soy un asistente de inteligencia artificial, y esta llamada se graba.',
    },
    unnamed: 'la empresa a la que dejó sus datos',
    touch: {
      web_form: 'Acaba de dejar sus datos en nuestra web. ¿Tiene un momento?',
      meta_lead_ads: 'Acaba de dejar sus datos en nuestro anuncio. ¿Tiene un momento?',
      other: 'Nos dejó sus datos. ¿Tiene un momento?',
    },
    phrases: {
      filler: 'Un momento, por favor.',
      nudge: '¿Sigue ahí?',
      goodbye: 'Gracias por su tiempo. Adiós.',
      stopped: 'De acuerdo, no volveremos a llamarle. Adiós.',
      trouble: 'Lo siento, tenemos un problema técnico. Adiós.',
    },
    reason: 'Llamo por la solicitud que nos enviaron.',
    questions: {
      need: '¿Qué está buscando?',
      timing: '¿Cuándo le gustaría empezar?',
      budget: '¿Qué presupuesto tiene en mente?',
      location: '¿Dónde vive?',
    },
    question: '¿Me puede hablar de {slot}?',
  },
  fr: {
    opening: {
      plain:
        "Bonjour, ici {agent}, j'appelle de la part de {business} — je suis un assistant d'intelligence artificielle.",
      recorded:
        "Bonjour, ici {agent}, j'appelle de la part de {business} — je suis un assistant d'intelligence artificielle, et cet appel est enregistré.",
    },
    unnamed: "l'entreprise que vous avez contactée",
    touch: {
      web_form: 'Vous venez de laisser vos coordonnées sur notre site. Avez-vous un moment ?',
      meta_lead_ads: 'Vous venez de laisser vos coordonnées dans notre annonce. Avez-vous un moment ?',
      other: 'Vous nous avez laissé vos coordonnées. Avez-vous un moment ?',
    },
    phrases: {
      filler: "Un instant, s'il vous plaît.",
      nudge: 'Êtes-vous toujours là ?',
      goodbye: "Merci de m'avoir accordé votre temps. Au revoir.",
      stopped: "C'est entendu, nous ne vous rappellerons plus. Au revoir.",
      trouble: 'Je suis désolé, nous avons un problème technique. Au revoir.',
    },
    reason: "J'appelle au sujet de la demande qui nous a été envoyée.",
    questions: {
      need: 'Que recherchez-vous ?',
      timing: 'Quand souhaitez-vous commencer ?',
      budget: 'Quel budget avez-vous en tête ?',
      location: 'Où habitez-vous ?',
    },
    question: 'Pouvez-vous me parler de {slot} ?',
  },
}

/** The sentences of a BCP 47 language; English for one that is not here. */
export const sentencesOf = (language: string): Sentences => knownSentences(language) ?? SENTENCES.en!

/** Undefined for a language that is not here: the model then finds its own words. */
export function knownSentences(language: string): Sentences | undefined {
  const primary = language.split('-')[0]!.toLowerCase()
  return Object.hasOwn(SENTENCES, primary) ? SENTENCES[primary] : undefined
}
