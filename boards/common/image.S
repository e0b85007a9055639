/* The flash image as it is in its file, 16-byte aligned; the linker script keeps and checks it. */
  .section .image, "a"
  .balign 16
  .global htpw_image, htpw_image_end
htpw_image:
  .incbin HTPW_IMAGE_FILE
htpw_image_end:
#if defined(__linux__)
  .section .note.GNU-stack, "", %progbits
#endif
