/** What columns and arrays that hold no values are called. */

export const LABEL = /^(labels?|class|classes|targets?|category|activity)$/i;
/** Of the arrays of an archive, the one with the labels: y of a table is a coordinate. */
export const ANSWERS = /^(y|y_\w+|labels?|targets?|classes)$/i;
export const GROUP = /^(groups?|subjects?|speakers?|patients?|person|user)$/i;
/** Of the arrays of an archive, the one with the inputs. */
export const VALUES = /^(x|x_\w+|inputs?|data|images?|features?|specs?|windows|samples)$/i;
